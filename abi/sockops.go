package abi

// SockOp is an event of a TCP connection: bpf_sock_ops.op.
type SockOp uint32

// The events. The five of timestamps came with Linux 6.15.
const (
	SockOpVoid               SockOp = iota // BPF_SOCK_OPS_VOID
	SockOpTimeoutInit                      // BPF_SOCK_OPS_TIMEOUT_INIT
	SockOpRwndInit                         // BPF_SOCK_OPS_RWND_INIT
	SockOpTCPConnect                       // BPF_SOCK_OPS_TCP_CONNECT_CB
	SockOpActiveEstablished                // BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB
	SockOpPassiveEstablished               // BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB
	SockOpNeedsECN                         // BPF_SOCK_OPS_NEEDS_ECN
	SockOpBaseRTT                          // BPF_SOCK_OPS_BASE_RTT
	SockOpRTO                              // BPF_SOCK_OPS_RTO_CB
	SockOpRetrans                          // BPF_SOCK_OPS_RETRANS_CB
	SockOpState                            // BPF_SOCK_OPS_STATE_CB
	SockOpTCPListen                        // BPF_SOCK_OPS_TCP_LISTEN_CB
	SockOpRTT                              // BPF_SOCK_OPS_RTT_CB
	SockOpParseHdrOpt                      // BPF_SOCK_OPS_PARSE_HDR_OPT_CB
	SockOpHdrOptLen                        // BPF_SOCK_OPS_HDR_OPT_LEN_CB
	SockOpWriteHdrOpt                      // BPF_SOCK_OPS_WRITE_HDR_OPT_CB
	SockOpTSSched                          // BPF_SOCK_OPS_TSTAMP_SCHED_CB
	SockOpTSSndSw                          // BPF_SOCK_OPS_TSTAMP_SND_SW_CB
	SockOpTSSndHw                          // BPF_SOCK_OPS_TSTAMP_SND_HW_CB
	SockOpTSAck                            // BPF_SOCK_OPS_TSTAMP_ACK_CB
	SockOpTSSendmsg                        // BPF_SOCK_OPS_TSTAMP_SENDMSG_CB
)

// The flags of sock_ops_cb_flags_set: which events a program asks for.
const (
	SockOpsRTOFlag          = 1 << 0 // BPF_SOCK_OPS_RTO_CB_FLAG
	SockOpsRetransFlag      = 1 << 1 // BPF_SOCK_OPS_RETRANS_CB_FLAG
	SockOpsStateFlag        = 1 << 2 // BPF_SOCK_OPS_STATE_CB_FLAG
	SockOpsRTTFlag          = 1 << 3 // BPF_SOCK_OPS_RTT_CB_FLAG
	SockOpsParseAllFlag     = 1 << 4 // BPF_SOCK_OPS_PARSE_ALL_HDR_OPT_CB_FLAG
	SockOpsParseUnknownFlag = 1 << 5 // BPF_SOCK_OPS_PARSE_UNKNOWN_HDR_OPT_CB_FLAG
	SockOpsWriteFlag        = 1 << 6 // BPF_SOCK_OPS_WRITE_HDR_OPT_CB_FLAG
	SockOpsAllFlags         = 0x7f   // BPF_SOCK_OPS_ALL_CB_FLAGS
)

// The states of a TCP connection.
const (
	TCPEstablished   = 1  // BPF_TCP_ESTABLISHED
	TCPSynSent       = 2  // BPF_TCP_SYN_SENT
	TCPSynRecv       = 3  // BPF_TCP_SYN_RECV
	TCPFinWait1      = 4  // BPF_TCP_FIN_WAIT1
	TCPFinWait2      = 5  // BPF_TCP_FIN_WAIT2
	TCPTimeWait      = 6  // BPF_TCP_TIME_WAIT
	TCPClose         = 7  // BPF_TCP_CLOSE
	TCPCloseWait     = 8  // BPF_TCP_CLOSE_WAIT
	TCPLastAck       = 9  // BPF_TCP_LAST_ACK
	TCPListen        = 10 // BPF_TCP_LISTEN
	TCPClosing       = 11 // BPF_TCP_CLOSING
	TCPNewSynRecv    = 12 // BPF_TCP_NEW_SYN_RECV
	TCPBoundInactive = 13 // BPF_TCP_BOUND_INACTIVE
)
