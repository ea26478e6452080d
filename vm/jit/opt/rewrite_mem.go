package opt

import (
	"github.com/skepbpf/skep/vm/ir"
	"github.com/skepbpf/skep/vm/jit/emit"
)

// load rewrites a load.
func (w *walker) load(in *ir.Insn) {
	root, off := w.address(in.Src, in.Off)
	signed := in.Op >= ir.LdS8
	size := int8(1) << (in.Op - ir.LdU8)
	if signed {
		size = 1 << (in.Op - ir.LdS8)
	}
	// Others may write to memory other than the frame, and who loads it twice
	// may want to see that: compilers leave other such loads out themselves.
	private := w.t.all[root].stack
	free := private && w.on(emit.OptMemory)
	v := unknown
	if free {
		v = w.recall(root, off, size)
	}
	if v == unknown {
		op, where := in.Op, placeOf(off, w.st.seq[w.class(root)])
		if signed {
			op = ir.LdU8 + (op - ir.LdS8)
		}
		if free {
			v = w.t.node(op, root, 0, where)
		} else {
			v = w.t.load(op, root, where)
		}
	}
	if signed {
		v = w.t.convert(ir.MovSX64From8+(in.Op-ir.LdS8), v)
	} else if private {
		w.remember(root, off, size, v)
	}
	switch {
	case free && w.st.regs[in.Dst] == v:
		return
	case free && w.fetch(in, v):
	case free && !isLoad(w.t.all[v].op) && w.rebuild(in, v):
	default:
		w.base(in, &in.Src, root, off)
		w.emit(in)
		w.log = append(w.log, access{len(w.out) - 1, root, v, off, size, false})
	}
	w.hold(in.Dst, v)
}

// far is how far from a register accesses are as cheap as at it.
const far = 4096

// base gives an access to root + off a register that is needed anyway.
func (w *walker) base(in *ir.Insn, reg *uint8, root vn, off int32) {
	if !w.on(emit.OptValue) {
		return
	}
	if r, ok := w.holder(root, false); ok && off > -far/16 && off < far || ok && r == fp {
		*reg, in.Off = r, off
		return
	}
	*reg = w.oldest(w.value(*reg), *reg)
}

// wide writes a load of several bytes, if memory is as it was and its address
// at hand.
func (w *walker) wide(in *ir.Insn, v vn) bool {
	x := w.t.all[v]
	off, seq := placed(x.imm)
	if !w.on(emit.OptBytes) || in.Op >= ir.LdU8 && in.Op <= ir.LdS32 || seq != w.st.seq[w.class(x.a)] {
		return false
	}
	out := ir.Insn{Op: x.op, Dst: in.Dst, Slot: in.Slot}
	if r, d, ok := w.reaches(x.a, off); ok {
		out.Src, out.Off = r, d
		w.emit(&out)
		w.wrote(v)
		return true
	}
	for _, r := range [2]uint8{in.Dst, in.Src} {
		i := w.revocable(r, in)
		if i < 0 {
			continue
		}
		if d, ok := w.distance(w.before[i], x.a, off); ok {
			w.revoke(i)
			out.Src, out.Off = r, d
			w.emit(&out)
			w.wrote(v)
			return true
		}
	}
	return false
}

// wrote notes the load of v, the last instruction.
func (w *walker) wrote(v vn) {
	x := &w.t.all[v]
	off, _ := placed(x.imm)
	size := int8(1) << (x.op - ir.LdU8)
	if isBigLoad(x.op) {
		size = 2 << (x.op - ir.LdBe16)
	}
	w.log = append(w.log, access{len(w.out) - 1, x.a, v, off, size, false})
}

// reaches is a register and how far root + off is from it.
func (w *walker) reaches(root vn, off int32) (reg uint8, d int32, ok bool) {
	for r := range w.st.regs {
		if d, ok := w.distance(w.st.regs[r], root, off); ok {
			return uint8(r), d, true
		}
	}
	return 0, 0, false
}

// distance is how far root + off is from v, if that is known.
func (w *walker) distance(v, root vn, off int32) (int32, bool) {
	if v == unknown {
		return 0, false
	}
	if v == root {
		return off, true
	}
	x := &w.t.all[v]
	d := int64(off) - x.imm
	return int32(d), x.op == ir.Add64K && x.a == root && d == int64(int32(d))
}

// store rewrites a store.
func (w *walker) store(in *ir.Insn) {
	root, off := w.address(in.Dst, in.Off)
	var v vn
	size := int8(1) << ((in.Op - ir.St8K) & 3)
	if in.Op <= ir.St64K {
		v = w.t.konst(uint64(in.Imm))
	} else {
		v = w.value(in.Src)
		if w.on(emit.OptValue) {
			v = w.stored(in, v, size)
		}
	}
	w.base(in, &in.Dst, root, off)
	w.emit(in)
	w.overwrite(root, off, size)
	if w.t.all[root].stack {
		w.remember(root, off, size, v)
	}
	w.log = append(w.log, access{len(w.out) - 1, root, v, off, size, true})
	w.widen()
}

// stored gives a store the best source, and is the value that is stored as far
// as its bytes go.
func (w *walker) stored(in *ir.Insn, v vn, size int8) vn {
	if size < 8 {
		covers := uint64(1)<<(8*size) - 1
		for {
			x := &w.t.all[v]
			if x.op != ir.Mov32X && (x.op != ir.And64K || uint64(x.imm)&covers != covers) {
				break
			}
			v = x.a
		}
	}
	// A register that is there for others, too, is shorter; of 2 bytes the
	// constant is slow to decode on some machines.
	if c, ok := w.t.constant(v); ok && (size < 8 || fits32(c)) && size != 2 && !w.live[w.at].has(in.Src) {
		in.Op -= ir.St8X - ir.St8K
		in.Imm = int64(int32(c))
		in.Flags &^= ir.KnownSrc | ir.Src32 | ir.SrcDead
		return v
	}
	if r, ok := w.holder(v, false); ok {
		if r != in.Src {
			in.Flags &^= ir.Src32
		}
		in.Src = r
		return v
	}
	in.Src = w.oldest(w.value(in.Src), in.Src)
	return v
}
