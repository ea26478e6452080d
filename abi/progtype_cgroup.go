package abi

// cgroupSKB programs pass or drop packets of a cgroup; on egress bit 1 of the
// result asks for a congestion notice.
var cgroupSKB = &ProgInfo{
	Type: CgroupSKB, Name: "BPF_PROG_TYPE_CGROUP_SKB", Short: "cgroup_skb",
	Context: skbContext(skbCgroupFields),
	Returns: []ReturnRule{
		{Attach: []AttachType{AttachCgroupInetEgress}, Range: ReturnRange{Min: 0, Max: 3}},
		{Range: ReturnRange{Min: 0, Max: 1}},
	},
	Attach:  []AttachType{AttachCgroupInetIngress, AttachCgroupInetEgress},
	PktRead: true, PktArgs: true,
}

// cgroupSock programs run when a socket is made, bound or released.
var cgroupSock = &ProgInfo{
	Type: CgroupSock, Name: "BPF_PROG_TYPE_CGROUP_SOCK", Short: "cgroup_sock",
	Context: sockContext,
	Returns: zeroOne,
	Attach: []AttachType{
		AttachCgroupInetSockCreate, AttachCgroupInetSockRelease,
		AttachCgroupInet4PostBind, AttachCgroupInet6PostBind,
	},
	Default: AttachCgroupInetSockCreate,
	Cap:     CapBPF, NetAdmin: true,
}

// cgroupSockAddr programs rewrite or refuse the address of a socket call. Bit 1
// of the result of bind lets a port below 1024 pass.
var cgroupSockAddr = &ProgInfo{
	Type: CgroupSockAddr, Name: "BPF_PROG_TYPE_CGROUP_SOCK_ADDR", Short: "cgroup_sock_addr",
	Context: sockAddrContext,
	Returns: []ReturnRule{
		{
			Attach: []AttachType{
				AttachCgroupUDP4Recvmsg, AttachCgroupUDP6Recvmsg, AttachCgroupUnixRecvmsg,
				AttachCgroupInet4Getpeername, AttachCgroupInet6Getpeername, AttachCgroupUnixGetpeername,
				AttachCgroupInet4Getsockname, AttachCgroupInet6Getsockname, AttachCgroupUnixGetsockname,
			},
			Range: ReturnRange{Min: 1, Max: 1},
		},
		{
			Attach: []AttachType{AttachCgroupInet4Bind, AttachCgroupInet6Bind},
			Range:  ReturnRange{Min: 0, Max: 3},
		},
		{Range: ReturnRange{Min: 0, Max: 1}},
	},
	Attach: []AttachType{
		AttachCgroupInet4Bind, AttachCgroupInet6Bind,
		AttachCgroupInet4Connect, AttachCgroupInet6Connect, AttachCgroupUnixConnect,
		AttachCgroupUDP4Sendmsg, AttachCgroupUDP6Sendmsg, AttachCgroupUnixSendmsg,
		AttachCgroupUDP4Recvmsg, AttachCgroupUDP6Recvmsg, AttachCgroupUnixRecvmsg,
		AttachCgroupInet4Getpeername, AttachCgroupInet6Getpeername, AttachCgroupUnixGetpeername,
		AttachCgroupInet4Getsockname, AttachCgroupInet6Getsockname, AttachCgroupUnixGetsockname,
	},
	Cap: CapBPF, NetAdmin: true,
}

// cgroupSockopt programs run around getsockopt and setsockopt. The option's
// value is reached as a packet.
var cgroupSockopt = &ProgInfo{
	Type: CgroupSockopt, Name: "BPF_PROG_TYPE_CGROUP_SOCKOPT", Short: "cgroup_sockopt",
	Context: sockoptContext,
	Returns: zeroOne,
	Attach:  []AttachType{AttachCgroupGetsockopt, AttachCgroupSetsockopt},
	PktRead: true, PktArgs: true, PktWrite: true,
	Cap: CapBPF, NetAdmin: true,
	Since: 5<<8 | 3,
}

// cgroupSysctl programs allow or refuse access to a sysctl.
var cgroupSysctl = &ProgInfo{
	Type: CgroupSysctl, Name: "BPF_PROG_TYPE_CGROUP_SYSCTL", Short: "cgroup_sysctl",
	Context: sysctlContext,
	Returns: zeroOne,
	Cap:     CapBPF, NetAdmin: true,
	Since: 5<<8 | 2,
}

// cgroupDevice programs allow or refuse access to a device.
var cgroupDevice = &ProgInfo{
	Type: CgroupDevice, Name: "BPF_PROG_TYPE_CGROUP_DEVICE", Short: "cgroup_device",
	Context: cgroupDevContext,
	Returns: zeroOne,
	Cap:     CapBPF, NetAdmin: true,
}
