package amd64

import "github.com/skepbpf/skep/vm/ir"

// atomic emits operations on memory that no other CPU sees halfway. The machine
// orders loads as acquire and stores as release by itself.
func (c *compiler) atomic(in *ir.Insn, dst, src reg) {
	op, w := in.Op, (in.Op-ir.AtomicAdd32)&1 == 1
	switch {
	case op >= ir.LoadAcq8 && op <= ir.LoadAcq64:
		c.load(1<<(op-ir.LoadAcq8), false, dst, src, in.Off)
	case op >= ir.StoreRel8:
		c.store(1<<(op-ir.StoreRel8), dst, in.Off, src)
	case op == ir.Xchg32 || op == ir.Xchg64:
		c.xchg(w, dst, in.Off, src)
	case op == ir.CmpXchg32 || op == ir.CmpXchg64:
		c.lock0f(w, 0xb1, dst, in.Off, src)
		if !w {
			c.movRR(false, rax, rax) // the machine leaves it alone where it was equal
		}
	case op == ir.FetchAdd32 || op == ir.FetchAdd64:
		c.lock0f(w, 0xc1, dst, in.Off, src)
	case op >= ir.FetchOr32:
		c.fetch(w, aluOf(op-ir.FetchAdd32), in.Off, dst, src)
	default:
		c.lock(w, byte(aluOf(op-ir.AtomicAdd32))<<3|1, dst, in.Off, src)
	}
}

// aluOf is an atomic operation by its distance from the first of its group.
func aluOf(n ir.Op) alu { return [...]alu{add, or, and, xor}[n/2] }

// fetch is a loop around a compare and exchange: src = the value before.
func (c *compiler) fetch(w bool, op alu, off int32, base, src reg) {
	again := c.NewLabel()
	c.movRR(true, tmp, rax)
	from, operand := base, src
	if from == rax {
		from = tmp
	}
	if operand == rax {
		operand = tmp
	}
	size := 4
	if w {
		size = 8
	}
	c.load(size, false, rax, from, off)
	c.Bind(again)
	c.movRR(w, tmp2, rax)
	c.aluRR(w, op, tmp2, operand)
	c.lock0f(w, 0xb1, from, off, tmp2)
	c.jcc(condNE, again)
	if src == rax {
		if !w {
			c.movRR(false, rax, rax)
		}
		return
	}
	c.movRR(w, src, rax)
	c.movRR(true, rax, tmp)
}
