package randprog

import "github.com/skepbpf/skep/isa"

// code collects instructions whose jumps name labels.
type code struct {
	insns  []isa.Insn
	labels []int // slot, -1 until bound
	fixes  []fix
}

type label int

// fix is a reference from a slot to a label.
type fix struct {
	slot  int
	to    label
	inImm bool // calls and addresses of functions; else the offset
}

func (c *code) label() label {
	c.labels = append(c.labels, -1)
	return label(len(c.labels) - 1)
}

func (c *code) bind(l label) { c.labels[l] = len(c.insns) }

func (c *code) put(op isa.Op, dst, src isa.Reg, off int16, imm int32) {
	c.insns = append(c.insns, isa.New(op, dst, src, off, imm))
}

func (c *code) wide(dst, src isa.Reg, lo, hi int32) {
	c.put(isa.LdImm64, dst, src, 0, lo)
	c.put(0, 0, 0, 0, hi)
}

func (c *code) movImm(dst isa.Reg, v int32) {
	c.put(isa.AluOp(isa.ClassAlu64, isa.Mov, isa.SrcK), dst, 0, 0, v)
}

func (c *code) mov(dst, src isa.Reg) {
	c.put(isa.AluOp(isa.ClassAlu64, isa.Mov, isa.SrcX), dst, src, 0, 0)
}

func (c *code) aluImm(class isa.Class, code isa.Code, dst isa.Reg, v int32) {
	c.put(isa.AluOp(class, code, isa.SrcK), dst, 0, 0, v)
}

func (c *code) addImm(dst isa.Reg, v int32) { c.aluImm(isa.ClassAlu64, isa.Add, dst, v) }

func (c *code) jumpImm(class isa.Class, code isa.Code, dst isa.Reg, v int32, to label) {
	c.fixes = append(c.fixes, fix{slot: len(c.insns), to: to})
	c.put(isa.AluOp(class, code, isa.SrcK), dst, 0, 0, v)
}

func (c *code) jumpReg(class isa.Class, code isa.Code, dst, src isa.Reg, to label) {
	c.fixes = append(c.fixes, fix{slot: len(c.insns), to: to})
	c.put(isa.AluOp(class, code, isa.SrcX), dst, src, 0, 0)
}

func (c *code) jump(to label) { c.jumpImm(isa.ClassJmp, isa.JA, 0, 0, to) }

func (c *code) mayGoto(to label) { c.jumpImm(isa.ClassJmp, isa.JCond, 0, 0, to) }

func (c *code) callLocal(to label) {
	c.fixes = append(c.fixes, fix{slot: len(c.insns), to: to, inImm: true})
	c.put(isa.CallOp, 0, isa.CallLocal, 0, 0)
}

func (c *code) funcAddr(dst isa.Reg, to label) {
	c.fixes = append(c.fixes, fix{slot: len(c.insns), to: to, inImm: true})
	c.wide(dst, isa.PseudoFunc, 0, 0)
}

func (c *code) exit() { c.put(isa.ExitOp, 0, 0, 0, 0) }

// load and store are plain accesses of size bytes.
func (c *code) load(size isa.Size, dst, src isa.Reg, off int32) {
	c.put(isa.MemOp(isa.ClassLdx, isa.ModeMem, size), dst, src, int16(off), 0)
}

func (c *code) store(size isa.Size, dst, src isa.Reg, off int32) {
	c.put(isa.MemOp(isa.ClassStx, isa.ModeMem, size), dst, src, int16(off), 0)
}

func (c *code) storeImm(size isa.Size, dst isa.Reg, off, v int32) {
	c.put(isa.MemOp(isa.ClassSt, isa.ModeMem, size), dst, 0, int16(off), v)
}

// resolve writes the distances of jumps and calls.
func (c *code) resolve() {
	for _, f := range c.fixes {
		d := c.labels[f.to] - f.slot - 1
		if f.inImm {
			c.insns[f.slot].Imm = int32(d)
		} else {
			c.insns[f.slot].Off = int16(d)
		}
	}
}
