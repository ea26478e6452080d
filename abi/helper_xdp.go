package abi

// xdpHelpers are the helpers for packets in the driver: xdp_md.
var xdpHelpers = []Helper{
	{
		ID: XDPAdjustHead, Name: "bpf_xdp_adjust_head",
		Args:       [5]Arg{ArgCtx, ArgAnything},
		ChangesPkt: true, WithoutCap: true,
		Progs: 1 << XDP,
	},
	{
		ID: XDPAdjustMeta, Name: "bpf_xdp_adjust_meta",
		Args:       [5]Arg{ArgCtx, ArgAnything},
		ChangesPkt: true, WithoutCap: true,
		Progs: 1 << XDP,
	},
	{
		ID: XDPAdjustTail, Name: "bpf_xdp_adjust_tail",
		Args:       [5]Arg{ArgCtx, ArgAnything},
		ChangesPkt: true, WithoutCap: true,
		Progs: 1 << XDP,
	},
	{
		ID: XDPGetBuffLen, Name: "bpf_xdp_get_buff_len",
		Args:    [5]Arg{ArgBTFID},
		ArgType: [5]string{0: "xdp_buff"}, WithoutCap: true,
		Progs: 1<<Tracing | 1<<LSM | 1<<Syscall,
		Since: 5<<8 | 18,
	},
	{
		ID: XDPGetBuffLen, Name: "bpf_xdp_get_buff_len",
		Args:       [5]Arg{ArgCtx},
		WithoutCap: true,
		Progs:      1 << XDP,
		Since:      5<<8 | 18,
	},
	{
		ID: XDPLoadBytes, Name: "bpf_xdp_load_bytes",
		Args:       [5]Arg{ArgCtx, ArgAnything, ArgMem | ArgUninit | ArgWrite, ArgConstSize},
		WithoutCap: true,
		Progs:      1 << XDP,
		Since:      5<<8 | 18,
	},
	{
		ID: XDPStoreBytes, Name: "bpf_xdp_store_bytes",
		Args:       [5]Arg{ArgCtx, ArgAnything, ArgMem | ArgReadOnly, ArgConstSize},
		WithoutCap: true,
		Progs:      1 << XDP,
		Since:      5<<8 | 18,
	},
}
