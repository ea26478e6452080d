package verifier

// regType is the type of a register: a base in the low byte, flags above it.
// The combination is compared as one word.
type regType uint32

// The base types, in the kernel's order of enum bpf_reg_type.
const (
	ptNone       regType = iota // not initialised
	ptScalar                    // a number
	ptCtx                       // the context
	ptMap                       // a map itself
	ptMapValue                  // a value in a map
	ptMapKey                    // a key of a map, in a for_each callback
	ptStack                     // a frame's stack
	ptPacketMeta                // metadata before the packet
	ptPacket
	ptPacketEnd
	ptFlowKeys
	ptSocket
	ptSockCommon
	ptTCPSock
	ptTPBuffer // writable raw tracepoint buffer
	ptXDPSock
	ptBTF // kernel object or allocated object, with a BTF type
	ptMem // memory of known size
	ptArena
	ptBuf    // memory of a size fixed at attach
	ptFunc   // a subprogram
	ptDynptr // a dynptr that the kernel handed to a callback
)

// The flags on a base type.
const (
	fNull      regType = 1 << (8 + iota) // may be NULL: "_or_null"
	fReadOnly                            // MEM_RDONLY
	fRingBuf                             // MEM_RINGBUF: a reserved record
	fUser                                // MEM_USER
	fPerCPU                              // MEM_PERCPU
	fUntrusted                           // PTR_UNTRUSTED
	fAlloc                               // MEM_ALLOC: allocated by the program
	fTrusted                             // PTR_TRUSTED
	fRCU                                 // MEM_RCU
	fNonOwn                              // NON_OWN_REF
	fDynLocal                            // dynptr kinds
	fDynRing
	fDynSKB
	fDynXDP
	fDynMeta
	fUninit // MEM_UNINIT, in argument types only

	fDynAny = fDynLocal | fDynRing | fDynSKB | fDynXDP | fDynMeta
)

const baseMask regType = 0xff

// base is t without flags.
func (t regType) base() regType { return t & baseMask }

// has reports whether all flags of f are set.
func (t regType) has(f regType) bool { return t&f == f }

// isPacket reports whether t points into packet data or its metadata.
func (t regType) isPacket() bool { b := t.base(); return b == ptPacket || b == ptPacketMeta }

// typeNames are the kernel's words for the base types.
var typeNames = [...]string{
	ptNone: "?", ptScalar: "scalar", ptCtx: "ctx", ptMap: "map_ptr", ptMapValue: "map_value", ptMapKey: "map_key",
	ptStack: "fp", ptPacketMeta: "pkt_meta", ptPacket: "pkt", ptPacketEnd: "pkt_end", ptFlowKeys: "flow_keys",
	ptSocket: "sock", ptSockCommon: "sock_common", ptTCPSock: "tcp_sock", ptTPBuffer: "tp_buffer", ptXDPSock: "xdp_sock",
	ptBTF: "ptr_", ptMem: "mem", ptArena: "arena", ptBuf: "buf", ptFunc: "func", ptDynptr: "dynptr_ptr",
}

// typePrefixes are the words for the flags, in the order of printing.
var typePrefixes = [...]struct {
	flag regType
	text string
}{
	{fReadOnly, "rdonly_"}, {fRingBuf, "ringbuf_"}, {fUser, "user_"}, {fPerCPU, "percpu_"},
	{fRCU, "rcu_"}, {fUntrusted, "untrusted_"}, {fTrusted, "trusted_"},
}

// String is t in the kernel's words: "rdonly_mem_or_null".
func (t regType) String() string {
	text := ""
	for _, p := range typePrefixes {
		if t&p.flag != 0 {
			text += p.text
		}
	}
	if int(t.base()) < len(typeNames) {
		text += typeNames[t.base()]
	}
	if t&fNull != 0 {
		if t.base() == ptBTF {
			return text + "or_null_"
		}
		return text + "_or_null"
	}
	return text
}
