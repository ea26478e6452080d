package abi

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
)

// Field is one accessible range of a context.
type Field struct {
	Name string
	Off  uint16 // bytes from the start of the context
	Size uint16 // bytes
	Kind FieldKind
	Type string // kernel struct of a FieldBTF

	Nullable bool
	// Read and Write say which accesses are legal.
	Read, Write Access
	// Attach lists the attach types under which the row holds; nil for all.
	Attach []AttachType
}

// Access is the set of legal accesses of a context field.
type Access uint8

// The accesses. A Narrow one may be of any power-of-two size that is aligned
// within the field; Exact is the field's whole size; Wide also allows 8 bytes
// at aligned pairs of 4-byte members (addresses).
const (
	Deny   Access = 0
	Exact  Access = 1
	Narrow Access = 2 // implies Exact
	Wide   Access = 4
)

// Context is the layout that R1 points to at the start of a program.
type Context struct {
	Name string // C struct: "xdp_md"
	Size uint16 // bytes
	// Fields are sorted by Off; a byte outside all of them is not accessible.
	Fields []Field
	// Raw contexts are plain memory: every aligned access within Size is legal
	// as Read and Write say (tracepoints, raw tracepoint arguments).
	Raw         bool
	Read, Write bool
}

// ReturnRange is the range of legal return values of a program.
type ReturnRange struct {
	Min, Max int32
	Any      bool // no rule
}
