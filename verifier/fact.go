package verifier

// Kind is what the base register of a memory access points to. Where paths may
// disagree about it, Fact.KindVaries says so.
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

// Fact is what every path agrees on at one instruction. It binds every run.
type Fact struct {
	// Reached is false for instructions that no path reaches.
	Reached bool
	// ZExt32 is true where the upper half of a 32-bit operation's result may be
	// read later. Where it is false, no run can tell what is there.
	ZExt32 bool
	// Mem is what a load, store or atomic goes through.
	Mem Kind
	// KindVaries is set where paths disagree about Mem. That is legal between
	// addresses of plain memory: stack, packet, map values, flow keys, map
	// objects and other memory mix freely, and an engine must then take Mem for
	// no more than that. One that lowering must treat with care wins: KindProbe
	// before all, where a load, never a store, goes through a kernel object or
	// untrusted memory on some path; then KindMapObject and KindFlowKeys.
	// Contexts, sockets and arenas mix with nothing but themselves.
	KindVaries bool
	// LoadsPointer is set on a load of less than 8 bytes whose result is a
	// pointer: a context field that stands for an address.
	LoadsPointer bool
	// CtxOff is the offset of a context access, in bytes.
	CtxOff int16
	// Packet is the number of bytes of the packet, or of its metadata, that are
	// there from the address in the base register on, the fewest of all paths.
	// 0 where none is accessed.
	Packet uint16
	// Map is the index in image.Program.Maps, plus one, of the map that the
	// call has as an argument, on every path; 0 if not constant.
	Map int32
	// Barrier and BarrierAfter ask for a speculation barrier before and behind
	// the instruction, and Mask for a mask of its amount: an engine that the
	// processor can misguide has to put them there. Only Sandbox has them.
	Barrier, BarrierAfter bool
	Mask                  Mask
}

// Span is a range of numbers, both ends included.
type Span struct{ Min, Max uint64 }

// Arg is the range of argument n, 1 to 5, of the call at slot over all paths.
// It is known of sizes and other numbers that the proof of the call relies on.
func (p *Program) Arg(slot, n int) (Span, bool) {
	s, ok := p.spans[spanKey{int32(slot), int32(n)}]
	return s, ok
}

// spanKey names an argument of a call.
type spanKey struct{ slot, arg int32 }

// Func is a function of a program: the entry, a subprogram, a callback.
type Func struct {
	Name       string // "" without function information
	Start, End int    // slots
	// Depth is the number of bytes below the frame pointer that the function
	// or what it calls may touch through it.
	Depth int
	// Calls are the functions that it calls or takes the address of, as
	// indices, each once. A function without is a leaf, but for helpers.
	Calls []int

	Global    bool // verified on its own, and may be replaced by an extension
	Callback  bool // run by a helper or kfunc, at once or later
	Async     bool // run later, on a stack of its own
	Exception bool // runs after bpf_throw
	TailCalls bool // has a tail call of its own
	LoadsAbs  bool // has a legacy packet load, which may end it with 0
	MayGoto   bool // has a may_goto, whose counter lies below Depth
	Helpers   bool // calls a helper or a kfunc
	Private   bool // Linux gives its frame a stack of its own
}

// Funcs are the program's functions by their first slot; the first is the
// entry.
func (p *Program) Funcs() []Func { return p.funcs }
