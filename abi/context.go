package abi

import "slices"

// FieldKind says what a read of a context field yields.
type FieldKind uint8

// The kinds of context fields.
const (
	FieldScalar     FieldKind = iota
	FieldPacket               // start of the packet
	FieldPacketEnd            // end of the packet
	FieldPacketMeta           // start of the metadata before the packet
	FieldSocket               // bpf_sock, may be NULL where Nullable
	FieldSockCommon           // bpf_sock of the common part only
	FieldFlowKeys             // bpf_flow_keys
	FieldBTF                  // kernel object of type Field.Type, trusted
	FieldBuffer               // memory of unknown length: read-only or read-write buffer
	FieldTPBuffer             // writable buffer of a raw tracepoint
)

// Field is one accessible range of a context. Ranges may overlap (a member
// that is read in two ways, a union): an access is legal if one of them allows
// it.
type Field struct {
	Name string
	Off  uint16 // bytes from the start of the context
	Size uint16 // bytes
	Elem uint16 // bytes of one element of an array; 0 for Size
	Kind FieldKind
	Type string // kernel struct of a FieldBTF

	Nullable bool
	// Read and Write say which accesses are legal.
	Read, Write Access
	// Attach lists the attach types under which the row holds; nil for all.
	Attach []AttachType
	// Cap is what the loader needs for the access, beside what the program
	// type needs.
	Cap Capability
}

// Access is the set of legal accesses of a context field.
type Access uint8

// The accesses, of elements for arrays. A Narrow one may be of any power-of-two
// size up to the element, aligned within the field, a Start one of any such size
// at the first byte of an element; Exact is the whole element; Wide also allows
// 8 bytes at offsets of the context that are multiples of 8 (pairs of 4-byte
// elements).
const (
	Deny   Access = 0
	Exact  Access = 1
	Narrow Access = 2 // implies Exact
	Wide   Access = 4
	Start  Access = 8 // implies Exact
)

// Allows reports whether an access of the kind that a (Read or Write of f) lists
// may touch size bytes from off, which counts from the start of the context.
func (f *Field) Allows(a Access, off, size int) bool {
	at, elem := off-int(f.Off), int(f.Elem)
	if elem == 0 {
		elem = int(f.Size)
	}
	if at < 0 || at+size > int(f.Size) || size <= 0 || size&(size-1) != 0 {
		return false
	}
	switch {
	case a&Wide != 0 && size == 8 && off%8 == 0:
		return true
	case size > elem:
		return false
	case a&Narrow != 0:
		return at%size == 0
	case a&Start != 0:
		return at%elem == 0
	}
	return a&Exact != 0 && size == elem && at%elem == 0
}

// Context is the layout that R1 points to at the start of a program, or of a
// kernel object that programs read by fixed offsets.
type Context struct {
	Name string // C struct: "xdp_md"
	Size uint16 // bytes
	// Fields are sorted by Off; a byte outside all of them is not accessible.
	Fields []Field
	// Raw contexts are plain memory: every aligned access of 1, 2, 4 or 8 bytes
	// that begins at First or above and below Size is legal as Read and Write
	// say (tracepoints, raw tracepoint arguments). A field decides instead for
	// the accesses that begin where it begins.
	Raw         bool
	Unaligned   bool // accesses of a raw context need no alignment
	First       uint16
	Read, Write bool
	// Args contexts are an array of 8-byte arguments, typed by the BTF of the
	// attach target, at most Size bytes of it.
	Args bool
}

// Field finds what an access to a context touches, under an attach type; nil if
// the access is not legal. Plain memory of a raw context is a scalar field
// without a name. An Args context has no fields of its own.
func (c *Context) Field(off, size int, write bool, a AttachType) *Field {
	for i := range c.Fields {
		f := &c.Fields[i]
		if f.Attach != nil && !slices.Contains(f.Attach, a) {
			continue
		}
		access := f.Read
		if write {
			access = f.Write
		}
		if f.Allows(access, off, size) {
			return f
		}
	}
	if c.rawAllows(off, size, write) {
		return &Field{Off: uint16(off), Size: uint16(size), Read: Exact, Write: Exact}
	}
	return nil
}

// rawAllows reports whether an access hits the plain memory of a raw context.
//
// Differs from Linux: tracepoint loads at offsets -4 to -1, which Linux lets
// through, are refused: they read in front of the context.
func (c *Context) rawAllows(off, size int, write bool) bool {
	if !c.Raw || write && !c.Write || !write && !c.Read {
		return false
	}
	if off < int(c.First) || off >= int(c.Size) || size <= 0 || size > 8 || size&(size-1) != 0 {
		return false
	}
	if c.Unaligned {
		if off+size > int(c.Size) {
			return false
		}
	} else if off%size != 0 {
		return false
	}
	for i := range c.Fields {
		if int(c.Fields[i].Off) == off {
			return false
		}
	}
	return true
}

// ReturnRange is the range of legal return values of a program.
type ReturnRange struct {
	Min, Max int32
	Any      bool // no rule
}

// anyReturn is the range without a rule.
var anyReturn = ReturnRange{Any: true}
