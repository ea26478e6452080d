package abi

// The calls that carry an IPv4 or an IPv6 address.
var (
	inet4Calls = []AttachType{
		AttachCgroupInet4Bind, AttachCgroupInet4Connect, AttachCgroupUDP4Sendmsg,
		AttachCgroupUDP4Recvmsg, AttachCgroupInet4Getpeername, AttachCgroupInet4Getsockname,
	}
	inet6Calls = []AttachType{
		AttachCgroupInet6Bind, AttachCgroupInet6Connect, AttachCgroupUDP6Sendmsg,
		AttachCgroupUDP6Recvmsg, AttachCgroupInet6Getpeername, AttachCgroupInet6Getsockname,
	}
)

// sockLifetime are the events of a socket without an address.
var sockLifetime = []AttachType{AttachCgroupInetSockCreate, AttachCgroupInetSockRelease}

// sockContext is the socket of cgroup programs that run at its creation,
// release or bind.
var sockContext = &Context{Name: "bpf_sock", Size: 80, Fields: []Field{
	{Name: "bound_dev_if", Off: 0, Size: 4, Read: Exact, Write: Exact, Attach: sockLifetime},
	{Name: "family", Off: 4, Size: 4, Read: Start},
	{Name: "type", Off: 8, Size: 4, Read: Start},
	{Name: "protocol", Off: 12, Size: 4, Read: Start},
	{Name: "mark", Off: 16, Size: 4, Read: Exact, Write: Exact, Attach: sockLifetime},
	{Name: "priority", Off: 20, Size: 4, Read: Exact, Write: Exact, Attach: sockLifetime},
	{Name: "src_ip4", Off: 24, Size: 4, Read: Narrow, Attach: []AttachType{AttachCgroupInet4PostBind}},
	{Name: "src_ip6", Off: 28, Size: 16, Elem: 4, Read: Narrow, Attach: []AttachType{AttachCgroupInet6PostBind}},
	{Name: "src_port", Off: 44, Size: 4, Read: Start, Attach: []AttachType{AttachCgroupInet4PostBind, AttachCgroupInet6PostBind}},
	{Name: "dst_port", Off: 48, Size: 4, Read: Exact},
	{Name: "dst_port", Off: 48, Size: 2, Read: Narrow},
	{Name: "dst_ip4", Off: 52, Size: 4, Read: Narrow},
	{Name: "dst_ip6", Off: 56, Size: 16, Elem: 4, Read: Narrow},
	{Name: "state", Off: 72, Size: 4, Read: Start},
	{Name: "rx_queue_mapping", Off: 76, Size: 4, Read: Start},
}}

// sockAddrContext is the address of a socket call.
var sockAddrContext = &Context{Name: "bpf_sock_addr", Size: 72, Fields: []Field{
	{Name: "user_family", Off: 0, Size: 4, Read: Exact},
	{Name: "user_ip4", Off: 4, Size: 4, Read: Narrow, Write: Exact, Attach: inet4Calls},
	{Name: "user_ip6", Off: 8, Size: 16, Elem: 4, Read: Narrow | Wide, Write: Exact | Wide, Attach: inet6Calls},
	{Name: "user_port", Off: 24, Size: 4, Read: Narrow, Write: Exact},
	{Name: "family", Off: 28, Size: 4, Read: Exact},
	{Name: "type", Off: 32, Size: 4, Read: Exact},
	{Name: "protocol", Off: 36, Size: 4, Read: Exact},
	{Name: "msg_src_ip4", Off: 40, Size: 4, Read: Narrow, Write: Exact, Attach: []AttachType{AttachCgroupUDP4Sendmsg}},
	{Name: "msg_src_ip6", Off: 44, Size: 16, Elem: 4, Read: Narrow | Wide, Write: Exact | Wide, Attach: []AttachType{AttachCgroupUDP6Sendmsg}},
	{Name: "sk", Off: 64, Size: 8, Kind: FieldSocket, Read: Exact},
}}

// sockoptContext is a getsockopt or setsockopt call.
var sockoptContext = &Context{Name: "bpf_sockopt", Size: 40, Fields: []Field{
	{Name: "sk", Off: 0, Size: 8, Kind: FieldSocket, Read: Exact},
	{Name: "optval", Off: 8, Size: 8, Kind: FieldPacket, Read: Exact},
	{Name: "optval_end", Off: 16, Size: 8, Kind: FieldPacketEnd, Read: Exact},
	{Name: "level", Off: 24, Size: 4, Read: Exact, Attach: []AttachType{AttachCgroupGetsockopt}},
	{Name: "level", Off: 24, Size: 4, Read: Exact, Write: Exact, Attach: []AttachType{AttachCgroupSetsockopt}},
	{Name: "optname", Off: 28, Size: 4, Read: Exact, Attach: []AttachType{AttachCgroupGetsockopt}},
	{Name: "optname", Off: 28, Size: 4, Read: Exact, Write: Exact, Attach: []AttachType{AttachCgroupSetsockopt}},
	{Name: "optlen", Off: 32, Size: 4, Read: Exact, Write: Exact},
	{Name: "retval", Off: 36, Size: 4, Read: Exact, Write: Exact, Attach: []AttachType{AttachCgroupGetsockopt}},
}}

// cgroupDevContext is an access to a device.
var cgroupDevContext = &Context{Name: "bpf_cgroup_dev_ctx", Size: 12, Fields: []Field{
	{Name: "access_type", Off: 0, Size: 4, Read: Narrow},
	{Name: "major", Off: 4, Size: 4, Read: Exact},
	{Name: "minor", Off: 8, Size: 4, Read: Exact},
}}

// sysctlContext is an access to a sysctl.
var sysctlContext = &Context{Name: "bpf_sysctl", Size: 8, Fields: []Field{
	{Name: "write", Off: 0, Size: 4, Read: Narrow},
	{Name: "file_pos", Off: 4, Size: 4, Read: Narrow, Write: Exact},
}}
