package isa

import (
	"encoding/binary"
	"fmt"
)

// SlotSize is the size of an instruction slot in bytes.
const SlotSize = 8

// Decode reads slots. It takes every opcode and every field as it stands;
// Validate judges them. RFC 9669 section 3.1: a big-endian file has the
// destination in the high nibble.
func Decode(b []byte, order binary.ByteOrder) ([]Insn, error) {
	if len(b)%SlotSize != 0 {
		return nil, fmt.Errorf("%d bytes of instructions, not a multiple of %d", len(b), SlotSize)
	}
	insns := make([]Insn, len(b)/SlotSize)
	for n := range insns {
		s := b[n*SlotSize:]
		insns[n] = Insn{
			Op:   Op(s[0]),
			Regs: nibbles(s[1], order),
			Off:  int16(order.Uint16(s[2:])),
			Imm:  int32(order.Uint32(s[4:])),
		}
	}
	return insns, nil
}

// Encode is the bytes of a program.
func Encode(insns []Insn, order binary.ByteOrder) []byte {
	b := make([]byte, len(insns)*SlotSize)
	for n, i := range insns {
		s := b[n*SlotSize:]
		s[0] = uint8(i.Op)
		s[1] = nibbles(i.Regs, order)
		order.PutUint16(s[2:], uint16(i.Off))
		order.PutUint32(s[4:], uint32(i.Imm))
	}
	return b
}

// nibbles swaps the register nibbles where the byte order wants it.
func nibbles(regs uint8, order binary.ByteOrder) uint8 {
	if order.Uint16([]byte{0, 1}) == 1 {
		return regs<<4 | regs>>4
	}
	return regs
}
