package amd64

// Instructions that only the leaf routines need.

// testRI8 sets the flags of the low byte of r and imm.
func (e *encoder) testRI8(r reg, imm int8) {
	e.rex(false, 0, r, r >= rsp && r <= rdi)
	e.Byte(0xf6, 0xc0|byte(r&7), byte(imm))
}

// cmpRM compares the low size bytes of r with those at base + off.
func (e *encoder) cmpRM(size int, r, base reg, off int32) {
	if size == 2 {
		e.Byte(0x66)
	}
	e.rex(size == 8, r, base, size == 1 && r >= rsp && r <= rdi)
	if size == 1 {
		e.Byte(0x3a)
	} else {
		e.Byte(0x3b)
	}
	e.mem(r, base, off)
}

// btRR sets the carry flag to the bit of a that b is the number of.
func (e *encoder) btRR(a, b reg) { e.rr0f(true, 0xa3, b, a, false) }

// stc sets the carry flag.
func (e *encoder) stc() { e.Byte(0xf9) }

// clc clears the carry flag.
func (e *encoder) clc() { e.Byte(0xf8) }

// cmovRR is dst = src on a condition, 64 bits.
func (e *encoder) cmovRR(c cond, dst, src reg) { e.rr0f(true, 0x40|byte(c), dst, src, false) }

// aluRM is dst = dst op the memory at base + off.
func (e *encoder) aluRM(w bool, op alu, dst, base reg, off int32) {
	e.rm(w, byte(op)<<3|3, dst, base, off)
}
