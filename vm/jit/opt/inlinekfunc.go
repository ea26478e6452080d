package opt

import (
	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/vm/ir"
)

// plainKfuncs are kfuncs that are a few operations. Each puts them in place of
// the call at src[i], and is the number of instructions that they stand for.
var plainKfuncs = map[string]func(w *writer, i int) int{
	"bpf_iter_num_new":      (*writer).numNew,
	"bpf_iter_num_next":     (*writer).numNext,
	"bpf_iter_num_destroy":  (*writer).numDestroy,
	"bpf_rcu_read_lock":     (*writer).nothing,
	"bpf_rcu_read_unlock":   (*writer).nothing,
	"bpf_preempt_disable":   (*writer).nothing,
	"bpf_preempt_enable":    (*writer).nothing,
	"bpf_local_irq_restore": (*writer).nothing,
	"bpf_rdonly_cast":       (*writer).same,
}

// nothing is a kfunc without an effect: a run keeps its CPU and its memory
// anyway.
func (w *writer) nothing(int) int {
	w.load(0, 0)
	return 1
}

// same is a kfunc that answers its first argument.
func (w *writer) same(int) int {
	w.put(ir.Insn{Op: ir.Mov64X, Dst: 0, Src: 1})
	return 1
}

// iterator is the address of the iterator in r1 of the call at src[i].
func (w *writer) iterator(i int) (base uint8, off int32) {
	if off, ok := w.onFrame(i, 1); ok {
		return fp, off
	}
	return 1, 0
}

// struct bpf_iter_num has two 4-byte words: the number before the next one,
// and the end. It is all zero where nothing follows.

// numNew is bpf_iter_num_new.
func (w *writer) numNew(i int) int {
	it, off := w.iterator(i)
	start, ok1 := w.constant(i, 2)
	end, ok2 := w.constant(i, 3)
	s, e := int32(start), int32(end)
	if ok1 && ok2 && s <= e && int64(e)-int64(s) <= maxLoops {
		w.put(ir.Insn{Op: ir.St32K, Dst: it, Off: off, Imm: int64(s - 1)})
		w.put(ir.Insn{Op: ir.St32K, Dst: it, Off: off + 4, Imm: int64(e)})
		w.load(0, 0)
		return 1
	}
	w.put(ir.Insn{Op: ir.St64K, Dst: it, Off: off})
	w.put(ir.Insn{Op: ir.MovSX64From32, Dst: 4, Src: 2})
	w.put(ir.Insn{Op: ir.MovSX64From32, Dst: 5, Src: 3})
	w.load(0, -int64(abi.EINVAL))
	less := w.put(ir.Insn{Op: ir.JSGt64X, Dst: 4, Src: 5})
	w.load(0, -int64(abi.E2BIG))
	w.put(ir.Insn{Op: ir.Mov64X, Dst: 3, Src: 5})
	w.put(ir.Insn{Op: ir.Sub64X, Dst: 3, Src: 4})
	more := w.put(ir.Insn{Op: ir.JSGt64K, Dst: 3, Imm: maxLoops})
	w.put(ir.Insn{Op: ir.Sub32K, Dst: 4, Imm: 1})
	w.put(ir.Insn{Op: ir.St32X, Dst: it, Src: 4, Off: off})
	w.put(ir.Insn{Op: ir.St32X, Dst: it, Src: 5, Off: off + 4})
	w.load(0, 0)
	w.land(less, more)
	return 1
}

// numNext is bpf_iter_num_next, and the jump behind it that asks whether there
// was a number.
func (w *writer) numNext(i int) int {
	it, off := w.iterator(i)
	w.put(ir.Insn{Op: ir.LdU32, Dst: 2, Src: it, Off: off})
	w.put(ir.Insn{Op: ir.Add32K, Dst: 2, Imm: 1})
	w.put(ir.Insn{Op: ir.LdU32, Dst: 3, Src: it, Off: off + 4})
	last := w.put(ir.Insn{Op: ir.JSGe32X, Dst: 2, Src: 3})
	w.put(ir.Insn{Op: ir.St32X, Dst: it, Src: 2, Off: off})
	w.put(ir.Insn{Op: ir.Mov64X, Dst: 0, Src: it})
	if it == fp {
		w.put(ir.Insn{Op: ir.Add64K, Dst: 0, Imm: int64(off)})
	}
	over := w.put(ir.Insn{Op: ir.JA})
	w.land(last)
	w.put(ir.Insn{Op: ir.St64K, Dst: it, Off: off})
	w.load(0, 0)
	asks := w.asks(i + 1)
	if asks == nil {
		w.land(over)
		return 1
	}
	to := w.put(ir.Insn{Op: ir.JA, Off: asks.Off})
	if asks.Op == ir.JEq64K {
		w.jumps = append(w.jumps, to)
		w.land(over)
		return 2
	}
	w.jumps = append(w.jumps, over)
	w.out[over].Off = asks.Off
	w.land(to)
	return 2
}

// asks is the jump at src[i] if it leads forward and asks whether r0 is 0.
func (w *writer) asks(i int) *ir.Insn {
	if i >= len(w.src) {
		return nil
	}
	in := &w.src[i]
	if in.Op != ir.JEq64K && in.Op != ir.JNe64K || in.Dst != 0 || in.Imm != 0 || in.Flags&(ir.BackEdge|ir.Target) != 0 {
		return nil
	}
	return in
}

// numDestroy is bpf_iter_num_destroy.
func (w *writer) numDestroy(i int) int {
	it, off := w.iterator(i)
	w.put(ir.Insn{Op: ir.St64K, Dst: it, Off: off})
	w.load(0, 0)
	return 1
}
