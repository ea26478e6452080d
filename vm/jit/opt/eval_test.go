package opt

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"testing"

	"github.com/skepbpf/skep/vm/ir"
)

// Where the memory of a machine lies.
const (
	bufBase   = 0x10_0000
	bufSize   = 256
	stackBase = 0x20_0000
	stackSize = 4096
)

// machine runs lowered programs, by the words of package ir. It shares nothing
// with what it tests.
type machine struct {
	t     *testing.T
	p     *ir.Program
	regs  [11]uint64
	buf   [bufSize]byte
	stack [stackSize]byte
	fuel  int64
	steps int
	calls []string // helpers and what they were given
	ended bool
}

// run runs function fn to its end, with its frame below sp.
func (m *machine) run(fn int, sp uint64) {
	f := &m.p.Funcs[fn]
	m.fuel -= int64(f.Cost)
	m.regs[10] = sp
	if f.MayGoto != 0 {
		m.write(sp+uint64(f.MayGoto), 8, 3)
	}
	for i := f.Start; ; {
		if m.steps++; m.steps > 200_000 {
			m.t.Fatal("the program does not end")
		}
		if i < f.Start || i >= f.End {
			m.t.Fatalf("control is at %d, outside of the function", i)
		}
		in := &m.p.Insns[i]
		i++
		switch op := in.Op; {
		case op == ir.Exit:
			return
		case op == ir.Throw:
			m.regs[0], m.ended = m.regs[1], true
			return
		case op.IsJump():
			if m.taken(in) {
				i = int(in.Off)
				if in.Flags&ir.BackEdge != 0 {
					m.fuel -= int64(in.Cost)
				}
			}
		case op == ir.CallLocal:
			saved := m.regs
			m.run(int(in.Imm), sp-512)
			if m.ended {
				return
			}
			copy(m.regs[6:], saved[6:])
			m.clobber()
		case op == ir.Call:
			m.helper(in)
		default:
			m.simple(in)
		}
	}
}

// clobber is what calls leave in the registers of arguments.
func (m *machine) clobber() {
	for r := 1; r <= 5; r++ {
		m.regs[r] = 0xdead_0000 + uint64(r+7*len(m.calls))<<40
	}
}

// helper is a call of a helper with two arguments, which it notes; it changes
// the memory that the second points to.
func (m *machine) helper(in *ir.Insn) {
	a, b := m.regs[1], m.regs[2]
	p := m.at(b, 8)
	if p != nil {
		b = binary.LittleEndian.Uint64(p) // where frames lie is no matter
	}
	m.calls = append(m.calls, fmt.Sprintf("%d(%#x, %#x)", in.Off, a, b))
	if p != nil {
		p[0] ^= byte(a)
		p[5]++
	}
	m.buf[7] += byte(a)
	m.clobber()
	m.regs[0] = a*31 + b
}

func (m *machine) taken(in *ir.Insn) bool {
	a, b := m.regs[in.Dst], uint64(in.Imm)
	switch in.Op {
	case ir.JA:
		return true
	case ir.MayGoto:
		at := m.regs[10] + uint64(in.Imm)
		n := m.read(at, 8)
		if n == 0 {
			return true
		}
		m.write(at, 8, n-1)
		return false
	}
	if !in.Op.IsK() {
		b = m.regs[in.Src]
	}
	sa, sb := int64(a), int64(b)
	if in.Op.Is32() {
		a, b, sa, sb = uint64(uint32(a)), uint64(uint32(b)), int64(int32(a)), int64(int32(b))
	}
	return [...]bool{
		a == b, a != b, a > b, a >= b, a < b, a <= b, a&b != 0, sa > sb, sa >= sb, sa < sb, sa <= sb,
	}[(in.Op.Base()-ir.JEq64K)/4]
}

// at is the memory at an address, nil if there is none.
func (m *machine) at(a uint64, size int) []byte {
	switch {
	case a >= bufBase && a <= bufBase+bufSize-uint64(size):
		return m.buf[a-bufBase:]
	case a >= stackBase && a <= stackBase+stackSize-uint64(size):
		return m.stack[a-stackBase:]
	}
	return nil
}

func (m *machine) read(a uint64, size int) uint64 {
	p := m.at(a, size)
	if p == nil {
		m.t.Fatalf("load of %d bytes at %#x in\n%s", size, a, text(m.p))
	}
	var b [8]byte
	copy(b[:], p[:size])
	return binary.LittleEndian.Uint64(b[:])
}

func (m *machine) write(a uint64, size int, v uint64) {
	p := m.at(a, size)
	if p == nil {
		m.t.Fatalf("store of %d bytes at %#x in\n%s", size, a, text(m.p))
	}
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], v)
	copy(p, b[:size])
}

// load is a load by its distance from the first of its group.
func (m *machine) load(op ir.Op, a uint64) uint64 {
	if op < 4 {
		return m.read(a, 1<<op)
	}
	n := 8 << (op - 4)
	return uint64(int64(m.read(a, n/8)<<(64-n)) >> (64 - n))
}

// simple runs what neither jumps nor calls.
func (m *machine) simple(in *ir.Insn) {
	d, s := &m.regs[in.Dst], m.regs[in.Src]
	where := uint64(int64(in.Off))
	switch op := in.Op; {
	case op >= ir.Add64K && op <= ir.Mov32X:
		if op.IsK() {
			s = uint64(in.Imm)
		}
		if op.Is32() {
			*d = uint64(binary32(op.Base(), uint32(*d), uint32(s)))
		} else {
			*d = binary64(op, *d, s)
		}
	case op >= ir.LdU8 && op <= ir.LdS32:
		*d = m.load(op-ir.LdU8, s+where)
	case op >= ir.St8K && op <= ir.St64K:
		m.write(*d+where, 1<<(op-ir.St8K), uint64(in.Imm))
	case op >= ir.St8X && op <= ir.St64X:
		m.write(*d+where, 1<<(op-ir.St8X), s)
	case op == ir.AtomicAdd64:
		m.write(*d+where, 8, m.read(*d+where, 8)+s)
	case op == ir.FetchAdd64:
		v := m.read(*d+where, 8)
		m.write(*d+where, 8, v+s)
		m.regs[in.Src] = v
	case op == ir.Spend || op == ir.SpendPoll:
		m.fuel -= in.Imm
	case op >= ir.LdIdxU8 && op <= ir.LdIdxS32:
		s += m.regs[in.Index] << in.Scale
		*d = m.load(op-ir.LdIdxU8, s+where)
	case op >= ir.LdIdxBe16 && op <= ir.LdIdxBe64:
		plain := *in
		plain.Op -= ir.LdIdxBe16 - ir.LdBe16
		*d = m.unary(&plain, *d, s+m.regs[in.Index]<<in.Scale)
	case op >= ir.StIdx8K && op <= ir.StIdx64K:
		m.write(*d+m.regs[in.Index]<<in.Scale+where, 1<<(op-ir.StIdx8K), uint64(in.Imm))
	case op >= ir.StIdx8X && op <= ir.StIdx64X:
		m.write(*d+m.regs[in.Index]<<in.Scale+where, 1<<(op-ir.StIdx8X), s)
	case op == ir.Lea:
		*d = s + uint64(in.Imm)
	case op == ir.LeaIdx:
		*d = s + m.regs[in.Index]<<in.Scale + uint64(in.Imm)
	default:
		*d = m.unary(in, *d, s)
	}
}

// unary are the operations that fill Dst from one operand, and rotates.
func (m *machine) unary(in *ir.Insn, d, s uint64) uint64 {
	where := uint64(int64(in.Off))
	switch in.Op {
	case ir.Neg64:
		return -d
	case ir.Neg32:
		return uint64(uint32(-d))
	case ir.MovSX64From8:
		return uint64(int8(s))
	case ir.MovSX64From16:
		return uint64(int16(s))
	case ir.MovSX64From32:
		return uint64(int32(s))
	case ir.MovSX32From8:
		return uint64(uint32(int8(s)))
	case ir.MovSX32From16:
		return uint64(uint32(int16(s)))
	case ir.Be16, ir.Swap16:
		return uint64(bits.ReverseBytes16(uint16(d)))
	case ir.Be32, ir.Swap32:
		return uint64(bits.ReverseBytes32(uint32(d)))
	case ir.Be64, ir.Swap64:
		return bits.ReverseBytes64(d)
	case ir.Le16:
		return uint64(uint16(d))
	case ir.Le32:
		return uint64(uint32(d))
	case ir.Le64:
		return d
	case ir.Rol64K:
		return bits.RotateLeft64(s, int(in.Imm))
	case ir.Rol32K:
		return uint64(bits.RotateLeft32(uint32(s), int(in.Imm)))
	case ir.Rol64X:
		return bits.RotateLeft64(d, int(s&63))
	case ir.Rol32X:
		return uint64(bits.RotateLeft32(uint32(d), int(s&31)))
	case ir.Ror64X:
		return bits.RotateLeft64(d, -int(s&63))
	case ir.Ror32X:
		return uint64(bits.RotateLeft32(uint32(d), -int(s&31)))
	case ir.Popcnt64:
		return uint64(bits.OnesCount64(s))
	case ir.Popcnt32:
		return uint64(bits.OnesCount32(uint32(s)))
	case ir.LdBe16:
		return uint64(bits.ReverseBytes16(uint16(m.read(s+where, 2))))
	case ir.LdBe32:
		return uint64(bits.ReverseBytes32(uint32(m.read(s+where, 4))))
	case ir.LdBe64:
		return bits.ReverseBytes64(m.read(s+where, 8))
	}
	m.t.Fatalf("operation %d is not known to the test", in.Op)
	return 0
}

func binary64(op ir.Op, a, b uint64) uint64 {
	switch op.Base() {
	case ir.Add64K:
		return a + b
	case ir.Sub64K:
		return a - b
	case ir.Mul64K:
		return a * b
	case ir.Div64K:
		if b == 0 {
			return 0
		}
		return a / b
	case ir.Mod64K:
		if b == 0 {
			return a
		}
		return a % b
	case ir.SDiv64K:
		if b == 0 {
			return 0
		}
		return uint64(int64(a) / int64(b))
	case ir.SMod64K:
		if b == 0 {
			return a
		}
		return uint64(int64(a) % int64(b))
	case ir.Or64K:
		return a | b
	case ir.And64K:
		return a & b
	case ir.Xor64K:
		return a ^ b
	case ir.Lsh64K:
		return a << (b % 64)
	case ir.Rsh64K:
		return a >> (b % 64)
	case ir.Arsh64K:
		return uint64(int64(a) >> (b % 64))
	case ir.Mov64K:
		return b
	}
	panic("BUG: no binary operation")
}

func binary32(base ir.Op, a, b uint32) uint32 {
	switch base {
	case ir.SDiv64K:
		if b == 0 {
			return 0
		}
		return uint32(int32(a) / int32(b))
	case ir.SMod64K:
		if b == 0 {
			return a
		}
		return uint32(int32(a) % int32(b))
	case ir.Lsh64K:
		return a << (b % 32)
	case ir.Rsh64K:
		return a >> (b % 32)
	case ir.Arsh64K:
		return uint32(int32(a) >> (b % 32))
	}
	return uint32(binary64(base, uint64(a), uint64(b)))
}
