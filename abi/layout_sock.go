package abi

// SocketLayout is what a program reads through a pointer to a socket.
var SocketLayout = &Context{Name: "bpf_sock", Size: 80, Fields: []Field{
	{Name: "bound_dev_if", Off: 0, Size: 4, Read: Exact},
	{Name: "family", Off: 4, Size: 4, Read: Start},
	{Name: "type", Off: 8, Size: 4, Read: Start},
	{Name: "protocol", Off: 12, Size: 4, Read: Start},
	{Name: "mark", Off: 16, Size: 4, Read: Exact},
	{Name: "priority", Off: 20, Size: 4, Read: Exact},
	{Name: "src_ip4", Off: 24, Size: 4, Read: Narrow},
	{Name: "src_ip6", Off: 28, Size: 16, Elem: 4, Read: Narrow},
	{Name: "src_port", Off: 44, Size: 4, Read: Start},
	{Name: "dst_port", Off: 48, Size: 4, Read: Exact},
	{Name: "dst_port", Off: 48, Size: 2, Read: Narrow},
	{Name: "dst_ip4", Off: 52, Size: 4, Read: Narrow},
	{Name: "dst_ip6", Off: 56, Size: 16, Elem: 4, Read: Narrow},
	{Name: "state", Off: 72, Size: 4, Read: Start},
	{Name: "rx_queue_mapping", Off: 76, Size: 4, Read: Start},
}}

// SockCommonLayout is what a program reads through a pointer to the common part of
// a socket.
var SockCommonLayout = &Context{Name: "bpf_sock", Size: 80, Fields: []Field{
	{Name: "bound_dev_if", Off: 0, Size: 4, Read: Exact},
	{Name: "family", Off: 4, Size: 4, Read: Start},
	{Name: "src_ip4", Off: 24, Size: 4, Read: Narrow},
	{Name: "src_ip6", Off: 28, Size: 16, Elem: 4, Read: Narrow},
	{Name: "src_port", Off: 44, Size: 4, Read: Start},
	{Name: "dst_port", Off: 48, Size: 4, Read: Exact},
	{Name: "dst_port", Off: 48, Size: 2, Read: Narrow},
	{Name: "dst_ip4", Off: 52, Size: 4, Read: Narrow},
	{Name: "dst_ip6", Off: 56, Size: 16, Elem: 4, Read: Narrow},
	{Name: "state", Off: 72, Size: 4, Read: Start},
	{Name: "rx_queue_mapping", Off: 76, Size: 4, Read: Start},
}}

// TCPSockLayout is what a program reads through a pointer to a TCP socket.
var TCPSockLayout = &Context{Name: "bpf_tcp_sock", Size: 112, Fields: []Field{
	{Name: "snd_cwnd", Off: 0, Size: 4, Read: Exact},
	{Name: "srtt_us", Off: 4, Size: 4, Read: Exact},
	{Name: "rtt_min", Off: 8, Size: 4, Read: Exact},
	{Name: "snd_ssthresh", Off: 12, Size: 4, Read: Exact},
	{Name: "rcv_nxt", Off: 16, Size: 4, Read: Exact},
	{Name: "snd_nxt", Off: 20, Size: 4, Read: Exact},
	{Name: "snd_una", Off: 24, Size: 4, Read: Exact},
	{Name: "mss_cache", Off: 28, Size: 4, Read: Exact},
	{Name: "ecn_flags", Off: 32, Size: 4, Read: Exact},
	{Name: "rate_delivered", Off: 36, Size: 4, Read: Exact},
	{Name: "rate_interval_us", Off: 40, Size: 4, Read: Exact},
	{Name: "packets_out", Off: 44, Size: 4, Read: Exact},
	{Name: "retrans_out", Off: 48, Size: 4, Read: Exact},
	{Name: "total_retrans", Off: 52, Size: 4, Read: Exact},
	{Name: "segs_in", Off: 56, Size: 4, Read: Exact},
	{Name: "data_segs_in", Off: 60, Size: 4, Read: Exact},
	{Name: "segs_out", Off: 64, Size: 4, Read: Exact},
	{Name: "data_segs_out", Off: 68, Size: 4, Read: Exact},
	{Name: "lost_out", Off: 72, Size: 4, Read: Exact},
	{Name: "sacked_out", Off: 76, Size: 4, Read: Exact},
	{Name: "bytes_received", Off: 80, Size: 8, Read: Exact},
	{Name: "bytes_acked", Off: 88, Size: 8, Read: Exact},
	{Name: "dsack_dups", Off: 96, Size: 4, Read: Exact},
	{Name: "delivered", Off: 100, Size: 4, Read: Exact},
	{Name: "delivered_ce", Off: 104, Size: 4, Read: Exact},
	{Name: "icsk_retransmits", Off: 108, Size: 4, Read: Exact},
}}

// XDPSockLayout is what a program reads through a pointer to an AF_XDP socket.
var XDPSockLayout = &Context{Name: "bpf_xdp_sock", Size: 4, Fields: []Field{
	{Name: "queue_id", Off: 0, Size: 4, Read: Exact},
}}

// FlowKeysLayout is what a flow dissector fills in. It is plain memory.
var FlowKeysLayout = &Context{Name: "bpf_flow_keys", Size: 56, Raw: true, Unaligned: true, Read: true, Write: true}
