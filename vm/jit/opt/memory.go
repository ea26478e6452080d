package opt

import (
	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/vm/ir"
)

// known are the spots of memory whose value is remembered at once.
const known = 8

// spot is memory whose value is known: size bytes at root + off.
type spot struct {
	root, is vn // is as far as size goes
	off      int32
	size     int8
}

// memory is what is known of memory.
type memory struct {
	// seq numbers the state of all memory, and that of the frame where nobody
	// else can write to it. Loads with the same number see the same.
	seq   [2]int32
	spots [known]spot
	next  int8 // the place to forget for another one
}

// forget forgets all.
func (w *walker) forget() {
	m := &w.st.memory
	m.seq[0], m.seq[1] = w.tick(), w.tick()
	m.spots = [known]spot{}
}

// class is which seq is that of memory at root.
func (w *walker) class(root vn) int {
	if w.t.all[root].stack && !w.escaped {
		return 1
	}
	return 0
}

// address is root and offset of an access.
func (w *walker) address(reg uint8, off int32) (root vn, disp int32) {
	root = w.value(reg)
	sum := int64(off)
	if x := &w.t.all[root]; x.op == ir.Add64K {
		root, sum = x.a, sum+x.imm
	}
	if sum != int64(int32(sum)) {
		return w.value(reg), off
	}
	return root, int32(sum)
}

// recall is the value of size bytes at root + off, unknown if it is.
func (w *walker) recall(root vn, off int32, size int8) vn {
	for i := range w.st.spots {
		if p := &w.st.spots[i]; p.root == root && p.off == off && p.size >= size && p.is != unknown {
			switch size {
			case 8:
				return p.is
			case 4:
				return w.t.zext(p.is)
			case 2:
				return w.t.mask(p.is, 0xffff)
			default:
				return w.t.mask(p.is, 0xff)
			}
		}
	}
	return unknown
}

// remember notes the value of size bytes at root + off.
func (w *walker) remember(root vn, off int32, size int8, is vn) {
	m := &w.st.memory
	m.spots[m.next] = spot{root: root, is: is, off: off, size: size}
	m.next = (m.next + 1) % known
}

// overwrite forgets what a store to size bytes at root + off may change.
func (w *walker) overwrite(root vn, off int32, size int8) {
	m := &w.st.memory
	class := w.class(root)
	for i := range m.spots {
		p := &m.spots[i]
		apart := p.root == root && (off+int32(size) <= p.off || p.off+int32(p.size) <= off)
		if p.is != unknown && !apart && w.class(p.root) == class {
			*p = spot{}
		}
	}
	m.seq[class] = w.tick()
}

// escapes reports whether an address in f's frame may be where a block cannot
// see it: in memory, or in a register at a block's end. It needs live.
func (f *function) escapes() bool {
	for i := range f.blocks {
		b := &f.blocks[i]
		if b.dead {
			continue
		}
		taint := set(fp)
		for k := range b.insns {
			if f.leaks(&b.insns[k], &taint) {
				return true
			}
		}
		if taint&b.liveOut&^set(fp) != 0 {
			return true
		}
	}
	return false
}

// leaks follows the registers with addresses in the frame, taint, through one
// instruction.
func (f *function) leaks(in *ir.Insn, taint *regs) bool {
	op, d := in.Op, defs(in)
	switch {
	case op == ir.Mov64K || op == ir.Mov32K || isLoad(op) || op >= ir.ProbeU8 && op <= ir.ProbeS32:
		*taint &^= d
	case op == ir.Mov64X || op == ir.Mov32X:
		*taint &^= d
		if taint.has(in.Src) || in.Src == fp {
			*taint |= d
		}
	case op >= ir.Add64K && op <= ir.Swap64:
		if taint.hasAny(f.uses(in)) {
			*taint |= d
		}
	case op.IsJump() || op >= ir.St8K && op <= ir.St64K || op == ir.Exit || op == ir.Spend:
	case op == ir.Call:
		if taint.hasAny(argRegs) && !f.keepsNothing(&f.prog.Callees[in.Off]) {
			return true
		}
		*taint &^= d
	default: // stores, atomics, calls of programs, what is rare
		u := f.uses(in)
		if op >= ir.St8X && op <= ir.St64X {
			u = set(in.Src)
		}
		if taint.hasAny(u) {
			return true
		}
		*taint &^= d &^ set(fp)
	}
	return false
}

// keepsNothing reports whether a callee neither runs code of the program nor
// returns what it was given.
func (f *function) keepsNothing(c *ir.Callee) bool {
	h := abi.HelperByID(c.Helper)
	if c.Kfunc != "" || h == nil {
		return false
	}
	for _, a := range h.Args {
		if a == abi.ArgFunc {
			return false
		}
	}
	return true
}
