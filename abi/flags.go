package abi

// Flags of perf_event_output, skb_output, xdp_output, perf_event_read and
// perf_event_read_value.
const (
	PerfIndexMask   = 1<<32 - 1     // BPF_F_INDEX_MASK
	PerfCurrentCPU  = PerfIndexMask // BPF_F_CURRENT_CPU
	PerfCtxLenMask  = 0xfffff << 32 // BPF_F_CTXLEN_MASK: bytes of the packet to append
	PerfCtxLenShift = 32
)

// Flags of ringbuf_output, ringbuf_submit, ringbuf_discard and
// user_ringbuf_drain.
const (
	RingNoWakeup    = 1 << 0 // BPF_RB_NO_WAKEUP
	RingForceWakeup = 1 << 1 // BPF_RB_FORCE_WAKEUP
)

// What ringbuf_query asks for.
const (
	RingAvailData   = 0 // BPF_RB_AVAIL_DATA
	RingRingSize    = 1 // BPF_RB_RING_SIZE
	RingConsumerPos = 2 // BPF_RB_CONS_POS
	RingProducerPos = 3 // BPF_RB_PROD_POS
)

// The header of a ring buffer record: 4 bytes of length with two flag bits, and
// 4 bytes of page offset.
const (
	RingBusyBit    = 1 << 31 // BPF_RINGBUF_BUSY_BIT
	RingDiscardBit = 1 << 30 // BPF_RINGBUF_DISCARD_BIT
	RingHdrSize    = 8       // BPF_RINGBUF_HDR_SZ
)

// Flags of skb_store_bytes.
const (
	RecomputeCsum  = 1 << 0 // BPF_F_RECOMPUTE_CSUM
	InvalidateHash = 1 << 1 // BPF_F_INVALIDATE_HASH
)

// Flags of l3_csum_replace and l4_csum_replace.
const (
	CsumFieldMask   = 0xf    // BPF_F_HDR_FIELD_MASK: size of the field in bytes, 0 for a difference
	CsumPseudoHdr   = 1 << 4 // BPF_F_PSEUDO_HDR
	CsumMangled0    = 1 << 5 // BPF_F_MARK_MANGLED_0
	CsumMarkEnforce = 1 << 6 // BPF_F_MARK_ENFORCE
	CsumIPv6        = 1 << 7 // BPF_F_IPV6
)

// What csum_level does.
const (
	CsumLevelQuery = 0 // BPF_CSUM_LEVEL_QUERY
	CsumLevelInc   = 1 // BPF_CSUM_LEVEL_INC
	CsumLevelDec   = 2 // BPF_CSUM_LEVEL_DEC
	CsumLevelReset = 3 // BPF_CSUM_LEVEL_RESET
)

// Modes and flags of skb_adjust_room.
const (
	AdjRoomNet = 0 // BPF_ADJ_ROOM_NET
	AdjRoomMAC = 1 // BPF_ADJ_ROOM_MAC

	AdjRoomFixedGSO     = 1 << 0 // BPF_F_ADJ_ROOM_FIXED_GSO
	AdjRoomEncapL3IPv4  = 1 << 1 // BPF_F_ADJ_ROOM_ENCAP_L3_IPV4
	AdjRoomEncapL3IPv6  = 1 << 2 // BPF_F_ADJ_ROOM_ENCAP_L3_IPV6
	AdjRoomEncapL4GRE   = 1 << 3 // BPF_F_ADJ_ROOM_ENCAP_L4_GRE
	AdjRoomEncapL4UDP   = 1 << 4 // BPF_F_ADJ_ROOM_ENCAP_L4_UDP
	AdjRoomNoCsumReset  = 1 << 5 // BPF_F_ADJ_ROOM_NO_CSUM_RESET
	AdjRoomEncapL2Eth   = 1 << 6 // BPF_F_ADJ_ROOM_ENCAP_L2_ETH
	AdjRoomDecapL3IPv4  = 1 << 7 // BPF_F_ADJ_ROOM_DECAP_L3_IPV4
	AdjRoomDecapL3IPv6  = 1 << 8 // BPF_F_ADJ_ROOM_DECAP_L3_IPV6
	AdjRoomEncapL2Mask  = 0xff   // BPF_ADJ_ROOM_ENCAP_L2_MASK
	AdjRoomEncapL2Shift = 56     // BPF_ADJ_ROOM_ENCAP_L2_SHIFT
)

// Where the offset of skb_load_bytes_relative starts.
const (
	HdrStartMAC = 0 // BPF_HDR_START_MAC
	HdrStartNet = 1 // BPF_HDR_START_NET
)

// Flags of redirect, redirect_map, redirect_peer and clone_redirect. Of
// redirect_map the low two bits are the action where the lookup fails.
const (
	RedirectIngress        = 1 << 0 // BPF_F_INGRESS
	RedirectBroadcast      = 1 << 3 // BPF_F_BROADCAST
	RedirectExcludeIngress = 1 << 4 // BPF_F_EXCLUDE_INGRESS
)

// Flags of skb_set_tunnel_key and skb_get_tunnel_key.
const (
	TunnelIPv6         = 1 << 0 // BPF_F_TUNINFO_IPV6
	TunnelZeroCsum     = 1 << 1 // BPF_F_ZERO_CSUM_TX
	TunnelDontFragment = 1 << 2 // BPF_F_DONT_FRAGMENT
	TunnelSeqNumber    = 1 << 3 // BPF_F_SEQ_NUMBER
	TunnelNoKey        = 1 << 4 // BPF_F_NO_TUNNEL_KEY
	TunnelGetFlags     = 1 << 4 // BPF_F_TUNINFO_FLAGS
)

// Flags and results of fib_lookup.
const (
	FIBDirect    = 1 << 0 // BPF_FIB_LOOKUP_DIRECT
	FIBOutput    = 1 << 1 // BPF_FIB_LOOKUP_OUTPUT
	FIBSkipNeigh = 1 << 2 // BPF_FIB_LOOKUP_SKIP_NEIGH
	FIBTable     = 1 << 3 // BPF_FIB_LOOKUP_TBID
	FIBSource    = 1 << 4 // BPF_FIB_LOOKUP_SRC
	FIBMark      = 1 << 5 // BPF_FIB_LOOKUP_MARK

	FIBSuccess     = 0 // BPF_FIB_LKUP_RET_SUCCESS
	FIBBlackhole   = 1 // BPF_FIB_LKUP_RET_BLACKHOLE
	FIBUnreachable = 2 // BPF_FIB_LKUP_RET_UNREACHABLE
	FIBProhibit    = 3 // BPF_FIB_LKUP_RET_PROHIBIT
	FIBNotForward  = 4 // BPF_FIB_LKUP_RET_NOT_FWDED
	FIBForwardOff  = 5 // BPF_FIB_LKUP_RET_FWD_DISABLED
	FIBUnsupported = 6 // BPF_FIB_LKUP_RET_UNSUPP_LWT
	FIBNoNeigh     = 7 // BPF_FIB_LKUP_RET_NO_NEIGH
	FIBFragNeeded  = 8 // BPF_FIB_LKUP_RET_FRAG_NEEDED
	FIBNoSource    = 9 // BPF_FIB_LKUP_RET_NO_SRC_ADDR
)

// Flags and results of check_mtu.
const (
	MTUCheckSegs = 1 << 0 // BPF_MTU_CHK_SEGS

	MTUSuccess    = 0 // BPF_MTU_CHK_RET_SUCCESS
	MTUFragNeeded = 1 // BPF_MTU_CHK_RET_FRAG_NEEDED
	MTUSegTooBig  = 2 // BPF_MTU_CHK_RET_SEGS_TOOBIG
)

// Kinds of lwt_push_encap.
const (
	EncapSeg6       = 0 // BPF_LWT_ENCAP_SEG6
	EncapSeg6Inline = 1 // BPF_LWT_ENCAP_SEG6_INLINE
	EncapIP         = 2 // BPF_LWT_ENCAP_IP
)

// Clocks of skb_set_tstamp and __sk_buff.tstamp_type.
const (
	ClockRealtime  = 0 // BPF_SKB_CLOCK_REALTIME
	ClockMonotonic = 1 // BPF_SKB_CLOCK_MONOTONIC
	ClockTAI       = 2 // BPF_SKB_CLOCK_TAI
)

// Flags of get_stackid, get_stack and get_task_stack.
const (
	StackSkipMask    = 0xff    // BPF_F_SKIP_FIELD_MASK: frames to leave out
	StackUser        = 1 << 8  // BPF_F_USER_STACK
	StackFastCompare = 1 << 9  // BPF_F_FAST_STACK_CMP
	StackReuseID     = 1 << 10 // BPF_F_REUSE_STACKID
	StackUserBuildID = 1 << 11 // BPF_F_USER_BUILD_ID
)

// Flags of the local storage helpers, of sysctl_get_name, bprm_opts_set,
// read_branch_records, timer_start, load_hdr_opt and bpf_copy_from_user_str.
const (
	StorageCreate    = 1 << 0 // BPF_LOCAL_STORAGE_GET_F_CREATE
	SysctlBaseName   = 1 << 0 // BPF_F_SYSCTL_BASE_NAME
	BprmSecureExec   = 1 << 0 // BPF_F_BPRM_SECUREEXEC
	BranchRecordSize = 1 << 0 // BPF_F_GET_BRANCH_RECORDS_SIZE
	TimerAbs         = 1 << 0 // BPF_F_TIMER_ABS
	TimerCPUPin      = 1 << 1 // BPF_F_TIMER_CPU_PIN
	LoadHdrOptSYN    = 1 << 0 // BPF_LOAD_HDR_OPT_TCP_SYN
	CopyPadZeros     = 1 << 0 // BPF_F_PAD_ZEROS
)

// Flags of sk_assign and the network namespace of the socket lookups.
const (
	SkLookupReplace     = 1 << 0 // BPF_SK_LOOKUP_F_REPLACE
	SkLookupNoReuseport = 1 << 1 // BPF_SK_LOOKUP_F_NO_REUSEPORT
	CurrentNetNS        = -1     // BPF_F_CURRENT_NETNS
)

// Flags of btf formatting: snprintf_btf and seq_printf_btf.
const (
	BTFCompact = 1 << 0 // BTF_F_COMPACT
	BTFNoName  = 1 << 1 // BTF_F_NONAME
	BTFPtrRaw  = 1 << 2 // BTF_F_PTR_RAW
	BTFZero    = 1 << 3 // BTF_F_ZERO
)

// What a device program is asked: access bits in the high half, type in the low
// half of bpf_cgroup_dev_ctx.access_type.
const (
	DevMknod = 1 << 0 // BPF_DEVCG_ACC_MKNOD
	DevRead  = 1 << 1 // BPF_DEVCG_ACC_READ
	DevWrite = 1 << 2 // BPF_DEVCG_ACC_WRITE

	DevBlock = 1 << 0 // BPF_DEVCG_DEV_BLOCK
	DevChar  = 1 << 1 // BPF_DEVCG_DEV_CHAR
)

// What flow dissectors return beside the socket verdicts, and are asked.
const (
	FlowDissectorContinue = 129 // BPF_FLOW_DISSECTOR_CONTINUE

	FlowParseFirstFrag  = 1 << 0 // BPF_FLOW_DISSECTOR_F_PARSE_1ST_FRAG
	FlowStopAtFlowLabel = 1 << 1 // BPF_FLOW_DISSECTOR_F_STOP_AT_FLOW_LABEL
	FlowStopAtEncap     = 1 << 2 // BPF_FLOW_DISSECTOR_F_STOP_AT_ENCAP
)

// Flags of attaching to a cgroup or a chain of programs.
const (
	AttachAllowOverride = 1 << 0  // BPF_F_ALLOW_OVERRIDE
	AttachAllowMulti    = 1 << 1  // BPF_F_ALLOW_MULTI
	AttachReplace       = 1 << 2  // BPF_F_REPLACE
	AttachBefore        = 1 << 3  // BPF_F_BEFORE
	AttachAfter         = 1 << 4  // BPF_F_AFTER
	AttachByID          = 1 << 5  // BPF_F_ID
	AttachPreorder      = 1 << 6  // BPF_F_PREORDER
	AttachLink          = 1 << 13 // BPF_F_LINK
)

// MaxTailCalls is the number of tail calls that one run may do.
const MaxTailCalls = 33
