package amd64

// operand is memory at base + off, or at base + index<<scale + off.
type operand struct {
	base, index reg
	indexed     bool
	scale       uint8
	off         int32
}

// at appends op, behind 0f if so, with a register and memory.
func (e *encoder) at(w, behind0f bool, op byte, r reg, m operand, byteReg bool) {
	if !m.indexed {
		e.rex(w, r, m.base, byteReg)
	} else {
		p := byte(r>>3)*rexR | byte(m.index>>3)*rexX | byte(m.base>>3)*rexB
		if w {
			p |= rexW
		}
		if p != 0 || byteReg {
			e.Byte(0x40 | p)
		}
	}
	if behind0f {
		e.Byte(0x0f)
	}
	e.Byte(op)
	if !m.indexed {
		e.mem(r, m.base, m.off)
		return
	}
	sib := m.scale<<6 | byte(m.index&7)<<3 | byte(m.base&7)
	switch modrm := byte(r&7)<<3 | 4; {
	case m.off == 0 && m.base&7 != rbp:
		e.Byte(modrm, sib)
	case isInt8(int64(m.off)):
		e.Byte(modrm|0x40, sib, byte(m.off))
	default:
		e.Byte(modrm|0x80, sib)
		e.U32(uint32(m.off))
	}
}

// loadAt is load.
func (e *encoder) loadAt(size int, signed bool, dst reg, m operand) {
	switch {
	case size == 8:
		e.at(true, false, 0x8b, dst, m, false)
	case size == 4 && signed:
		e.at(true, false, 0x63, dst, m, false)
	case size == 4:
		e.at(false, false, 0x8b, dst, m, false)
	case size == 2 && signed:
		e.at(true, true, 0xbf, dst, m, false)
	case size == 2:
		e.at(false, true, 0xb7, dst, m, false)
	case signed:
		e.at(true, true, 0xbe, dst, m, false)
	default:
		e.at(false, true, 0xb6, dst, m, false)
	}
}

// storeAt is store.
func (e *encoder) storeAt(size int, m operand, src reg) {
	switch size {
	case 8:
		e.at(true, false, 0x89, src, m, false)
	case 4:
		e.at(false, false, 0x89, src, m, false)
	case 2:
		e.Byte(0x66)
		e.at(false, false, 0x89, src, m, false)
	default:
		e.at(false, false, 0x88, src, m, src >= rsp && src <= rdi)
	}
}

// storeIAt is storeI.
func (e *encoder) storeIAt(size int, m operand, imm int32) {
	switch size {
	case 1:
		e.at(false, false, 0xc6, 0, m, false)
		e.Byte(byte(imm))
	case 2:
		e.Byte(0x66)
		e.at(false, false, 0xc7, 0, m, false)
		e.U16(uint16(imm))
	default:
		e.at(size == 8, false, 0xc7, 0, m, false)
		e.U32(uint32(imm))
	}
}

// aluAt is an operation on a register with memory.
func (e *encoder) aluAt(w bool, op alu, dst reg, m operand) {
	e.at(w, false, byte(op)<<3|3, dst, m, false)
}

func (e *encoder) imulAt(w bool, dst reg, m operand) { e.at(w, true, 0xaf, dst, m, false) }

// aluTo is an operation on size bytes of memory with a register.
func (e *encoder) aluTo(size int, op alu, m operand, src reg) {
	switch size {
	case 1:
		e.at(false, false, byte(op)<<3, src, m, src >= rsp && src <= rdi)
		return
	case 2:
		e.Byte(0x66)
	}
	e.at(size == 8, false, byte(op)<<3|1, src, m, false)
}

// aluToI is an operation on size bytes of memory with an immediate, which must
// fit in 8 bits for 2 bytes, and of which the low byte counts for 1.
func (e *encoder) aluToI(size int, op alu, m operand, imm int32) {
	if size == 2 {
		e.Byte(0x66)
	}
	switch {
	case size == 1:
		e.at(false, false, 0x80, reg(op), m, false)
		e.Byte(byte(imm))
	case isInt8(int64(imm)):
		e.at(size == 8, false, 0x83, reg(op), m, false)
		e.Byte(byte(imm))
	default:
		e.at(size == 8, false, 0x81, reg(op), m, false)
		e.U32(uint32(imm))
	}
}

// leaAt is dst = the address.
func (e *encoder) leaAt(w bool, dst reg, m operand) { e.at(w, false, 0x8d, dst, m, false) }
