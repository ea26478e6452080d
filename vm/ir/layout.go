package ir

import "github.com/skepbpf/skep/abi"

// CtxField says where a field of a program's context lies in the native block
// that a hook hands over.
type CtxField struct {
	Off, Size uint16 // in the context as programs see it
	Native    uint16 // offset in the native block
	// NativeSize is the width of the native field in bytes. A read of a wider
	// native field (an address) is a read of all of it; otherwise the bytes of
	// the program's access are the low bytes of the native field.
	NativeSize uint16
}

// CtxLayout is the native form of a context.
type CtxLayout struct {
	Size int // bytes of the native block
	// Fields are sorted by Off. Nil means that the native block is the context
	// as programs see it.
	Fields []CtxField
}

// Field is the field that holds the byte at off, nil if there is none.
func (l *CtxLayout) Field(off int) *CtxField {
	for i := range l.Fields {
		if f := &l.Fields[i]; off >= int(f.Off) && off < int(f.Off)+int(f.Size) {
			return f
		}
	}
	return nil
}

// Offsets of the native XDP block.
const (
	XDPData     = 0  // address of the first packet byte, 8 bytes
	XDPDataEnd  = 8  // address behind the last packet byte
	XDPDataMeta = 16 // address of the metadata before the packet
	XDPIngress  = 24 // ifindex, 4 bytes
	XDPRxQueue  = 28 // receive queue, 4 bytes
	XDPEgress   = 32 // ifindex of a devmap program's device, 4 bytes
	XDPSize     = 40
)

var xdpLayout = CtxLayout{Size: XDPSize, Fields: []CtxField{
	{Off: 0, Size: 4, Native: XDPData, NativeSize: 8},
	{Off: 4, Size: 4, Native: XDPDataEnd, NativeSize: 8},
	{Off: 8, Size: 4, Native: XDPDataMeta, NativeSize: 8},
	{Off: 12, Size: 4, Native: XDPIngress, NativeSize: 4},
	{Off: 16, Size: 4, Native: XDPRxQueue, NativeSize: 4},
	{Off: 20, Size: 4, Native: XDPEgress, NativeSize: 4},
}}

var rawLayout = CtxLayout{}

// CtxOf is the native layout of a program type's context. Types without a row
// of their own take the context as programs see it.
func CtxOf(t abi.ProgType) *CtxLayout {
	switch t {
	case abi.XDP:
		return &xdpLayout
	case abi.SocketFilter, abi.SchedCLS, abi.SchedACT, abi.CgroupSKB, abi.LWTIn, abi.LWTOut, abi.LWTXmit:
		return &skbLayout
	}
	return &rawLayout
}
