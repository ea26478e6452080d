package vm

import (
	"github.com/skepbpf/skep/internal/mem"
	"github.com/skepbpf/skep/vm/ir"
)

// Thrown is an exception on its way out of a program: engines return it from
// Code.Call, and end the run of Code.Run as ir.Program.Exception says.
type Thrown struct{ Value uint64 }

// Error says what it is, for those that do not catch it.
func (*Thrown) Error() string { return "exception" }

// PacketLoad is a legacy packet load, with the value of its source
// register. The event gives the bytes; where it has none, the function ends
// with 0. Linux 6.18: not the whole program.
func (c *Context) PacketLoad(op ir.Op, imm int64, src uint64) (v uint64, ok bool) {
	off := int32(imm)
	if op >= ir.LdInd8 {
		off += int32(src)
		op -= ir.LdInd8 - ir.LdAbs8
	}
	l, ok := c.Event.(PacketLoader)
	if !ok {
		return 0, false
	}
	w, ok := l.LoadPacket(off, 1<<(op-ir.LdAbs8))
	return uint64(w), ok
}

// Probe is a load from memory that may not be there, by an operation from
// ir.ProbeU8 to ir.ProbeS32.
func (c *Context) Probe(op ir.Op, a uint64) uint64 {
	sizes := [...]int{1, 2, 4, 8, 1, 2, 4}
	p := mem.Addr(a)
	if !c.Readable(p, sizes[op-ir.ProbeU8]) {
		return 0
	}
	switch op {
	case ir.ProbeU8:
		return uint64(*p.U8())
	case ir.ProbeU16:
		return uint64(*p.U16())
	case ir.ProbeU32:
		return uint64(*p.U32())
	case ir.ProbeU64:
		return *p.U64()
	case ir.ProbeS8:
		return uint64(int64(int8(*p.U8())))
	case ir.ProbeS16:
		return uint64(int64(int16(*p.U16())))
	}
	return uint64(int64(int32(*p.U32())))
}
