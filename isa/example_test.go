package isa_test

import (
	"encoding/binary"
	"fmt"

	"github.com/skepbpf/skep/isa"
)

func ExampleParseListing() {
	insns, err := isa.ParseListing(`
		r0 = 10
	loop:
		r0 -= 1
		if r0 != 0 goto loop
		exit`)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%x\n", isa.Encode(insns, binary.LittleEndian))
	for _, i := range insns {
		fmt.Println(i)
	}
	// Output:
	// b70000000a00000017000000010000005500feff000000009500000000000000
	// r0 = 10
	// r0 -= 1
	// if r0 != 0x0 goto pc-2
	// exit
}

func ExamplePrinter() {
	add := isa.New(isa.MemOp(isa.ClassStx, isa.ModeAtomic, isa.SizeW), isa.R1, isa.R2, 4, int32(isa.AtomicAdd|isa.AtomicFetch))
	for _, s := range []isa.Syntax{isa.SyntaxText, isa.SyntaxLLVM} {
		p := &isa.Printer{Syntax: s}
		fmt.Println(p.Format(0, add, isa.Insn{}))
	}
	// Output:
	// r2 = atomic_fetch_add((u32 *)(r1 +4), r2)
	// w2 = atomic_fetch_add((u32 *)(r1 + 0x4), w2)
}

func ExampleValidate() {
	insns, _ := isa.Decode([]byte{0x07, 0x01, 1, 0, 5, 0, 0, 0}, binary.LittleEndian)
	fmt.Println(isa.Validate(insns))
	// Output:
	// slot 0: add64_imm: offset is reserved and must be zero, is 1 (Linux: BPF_ALU uses reserved fields)
}
