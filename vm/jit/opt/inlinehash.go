package opt

import "github.com/skepbpf/skep/vm/ir"

// mostBuckets is how many buckets a visit may look at without a poll.
const mostBuckets = 1 << 16

// forEachHash is bpf_for_each_map_elem over hash n with its values in place: the
// elements of each bucket's chain, in the order of bpfmap's Range. The way to the
// next element is read before the callback, which may delete its own.
func (w *writer) forEachHash(i, n int) int {
	m := &w.e.p.Maps[n]
	h := m.Hash
	if h == nil || h.Value != ir.HashInPlace || h.Mask >= mostBuckets {
		return 0
	}
	t := w.begin(i)
	if t == nil {
		return 0
	}
	t.from &^= set(4)
	bucket, next := w.home(t.from), w.home(t.from)
	t.i = w.home(t.from)
	w.keep(bucket, int64(h.Heads))
	w.keep(t.i, 0)
	first := w.here()
	w.put(ir.Insn{Op: ir.LdU64, Dst: 1, Src: w.in(bucket, 1)})
	empty := w.put(ir.Insn{Op: ir.JEq64K, Dst: 1})
	w.put(ir.Insn{Op: ir.Rsh64K, Dst: 1, Imm: ir.HeadShift})
	w.load(2, int64(m.Base))
	w.put(ir.Insn{Op: ir.Add64X, Dst: 1, Src: 2})
	elem := w.here()
	w.put(ir.Insn{Op: ir.LdU64, Dst: 2, Src: 1, Off: ir.ElemNext})
	w.save(next, 2)
	w.put(ir.Insn{Op: ir.Mov64X, Dst: 2, Src: 1})
	w.put(ir.Insn{Op: ir.Add64K, Dst: 2, Imm: ir.ElemKey})
	w.put(ir.Insn{Op: ir.Mov64X, Dst: 3, Src: 1})
	w.put(ir.Insn{Op: ir.Add64K, Dst: 3, Imm: int64(h.ValueOff)})
	w.load(1, int64(m.Header))
	t.ctx(4)
	if t.g != nil {
		w.put(ir.Insn{Op: ir.SpendPoll, Imm: int64(t.g.info.Cost)})
	}
	w.callback(t)
	w.step(t)
	w.read(1, next)
	end := w.put(ir.Insn{Op: ir.JSet64K, Dst: 1, Imm: 1})
	w.put(ir.Insn{Op: ir.JA, Off: elem, Flags: ir.BackEdge})
	w.land(empty, end)
	b := w.in(bucket, 1)
	w.put(ir.Insn{Op: ir.Add64K, Dst: b, Imm: 8})
	if bucket.reg == 0 {
		w.save(bucket, b)
	}
	w.load(2, int64(h.Heads+8*(uint64(h.Mask)+1)))
	w.put(ir.Insn{Op: ir.JLt64X, Dst: b, Src: 2, Off: first, Flags: ir.BackEdge})
	w.land(t.out...)
	w.read(0, t.i)
	w.top, w.lent = t.top, t.lent
	return 1
}
