package abi

// sockOps programs run at events of TCP connections.
var sockOps = &ProgInfo{
	Type: SockOps, Name: "BPF_PROG_TYPE_SOCK_OPS", Short: "sock_ops",
	Context: sockOpsContext,
	Returns: zeroOne,
	PktRead: true, // header of the segment, at events that have one
	Cap:     CapBPF, NetAdmin: true,
}

// skSKB programs parse and judge the stream of sockets in a sockmap.
var skSKB = &ProgInfo{
	Type: SkSKB, Name: "BPF_PROG_TYPE_SK_SKB", Short: "sk_skb",
	Context: skbContext(skbSockmapFields),
	PktRead: true, PktArgs: true, PktWrite: true,
	Cap: CapBPF, NetAdmin: true,
}

// skMsg programs judge messages that are sent on sockets in a sockmap.
var skMsg = &ProgInfo{
	Type: SkMsg, Name: "BPF_PROG_TYPE_SK_MSG", Short: "sk_msg",
	Context: skMsgContext,
	PktRead: true, PktArgs: true, PktWrite: true,
	Cap: CapBPF, NetAdmin: true,
}
