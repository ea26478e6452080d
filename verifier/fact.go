package verifier

// Kind is what the base register of a memory access, or the first argument of
// a call, points to. It is the same on every path that reaches the
// instruction.
type Kind uint8

// The kinds.
const (
	KindNone      Kind = iota // no memory is accessed
	KindCtx                   // the context: lowering converts the access
	KindStack                 // the stack of this or a calling frame
	KindPacket                // packet, its metadata
	KindMapValue              // a map's value
	KindMem                   // other memory of known size: ring-buffer records, slices
	KindProbe                 // kernel object or untrusted memory: the load may fault
	KindArena                 // arena memory
	KindFlowKeys              // bpf_flow_keys
	KindSock                  // bpf_sock and its relatives: lowering converts
	KindMapObject             // struct bpf_map
)

// Fact is what every path agrees on at one instruction.
type Fact struct {
	// Reached is false for instructions that no path reaches.
	Reached bool
	// ZExt32 is true where a 32-bit result's upper half may be read later.
	ZExt32 bool
	Mem    Kind
	// CtxOff is the offset of a context access, in bytes.
	CtxOff int16
	// Map is the index in image.Program.Maps, plus one, of the map that the
	// first argument of a call is, on every path; 0 if not constant.
	Map int32
	// KindVaries is set where paths disagree about Mem: only legal between
	// kinds that lowering treats alike.
	KindVaries bool
	// Barrier and BarrierAfter ask for a speculation barrier before and behind
	// the instruction, and Mask for a mask of its amount: an engine that the
	// processor can misguide has to put them there. Only Sandbox has them.
	Barrier, BarrierAfter bool
	Mask                  Mask
}
