package vm_test

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/internal/mem"
	"github.com/skepbpf/skep/isa"
	"github.com/skepbpf/skep/vm"
)

// odd are operands at which operations differ.
var odd = []uint64{
	0, 1, 2, 7, 8, 31, 32, 33, 63, 64, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fff_ffff, 0x8000_0000,
	0xffff_ffff, 0x1_0000_0000, 0x7fff_ffff_ffff_ffff, 0x8000_0000_0000_0000, ^uint64(0), ^uint64(1),
	0xffff_ffff_8000_0000, 0x0123_4567_89ab_cdef,
}

func operand(r *rand.Rand) uint64 {
	if r.IntN(4) == 0 {
		return r.Uint64() >> r.IntN(64)
	}
	return odd[r.IntN(len(odd))]
}

// TestEnginesAgreeOnEveryOpcode runs each instruction of the table with odd
// operands on both loops, and compares every register and the memory.
func TestEnginesAgreeOnEveryOpcode(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "interp", "none", []byte(".program none section=socket\n r0 = 0\n exit\n"), 0)
	r := rand.New(rand.NewPCG(1, 2))
	ran := 0
	for _, o := range isa.Opcodes() {
		if !plain(o.Form) {
			continue
		}
		ran++
		for range 64 {
			compare(t, w, o, r)
		}
	}
	if ran < 140 {
		t.Errorf("only %d rows of the opcode table were run", ran)
	}
}

// plain reports whether a form stands on its own: no calls, no maps, no packet.
func plain(f isa.Form) bool {
	switch f {
	case isa.FormGoto, isa.FormGotoL, isa.FormMayGoto, isa.FormGotoX, isa.FormCall, isa.FormCallLocal,
		isa.FormCallKfunc, isa.FormCallX, isa.FormExit, isa.FormAbs, isa.FormInd, isa.FormMap,
		isa.FormMapValue, isa.FormKsym, isa.FormFunc:
		return false
	}
	return true
}

// subject is an instruction of the row o with random free fields. Registers
// r0 to r5 hold numbers, r6 and r7 the address of a buffer.
func subject(o isa.Opcode, r *rand.Rand) []isa.Insn {
	in := isa.Insn{Op: o.Op, Imm: int32(operand(r))}
	dst, src, off := isa.Reg(r.IntN(6)), isa.Reg(r.IntN(6)), int16(0)
	switch o.Form {
	case isa.FormLoad, isa.FormLoadSX, isa.FormLoadAcquire:
		src, off = isa.R6, int16(8*r.IntN(4))
	case isa.FormStoreImm, isa.FormStoreReg, isa.FormAtomic, isa.FormAtomicFetch, isa.FormXchg,
		isa.FormCmpXchg, isa.FormStoreRelease:
		dst, off = isa.R7, int16(8*r.IntN(4))
	case isa.FormJumpImm, isa.FormJumpReg:
		off = 1
	}
	fixed := func(rule isa.Rule, v int32) int32 {
		switch rule.Kind {
		case isa.RuleZero:
			return 0
		case isa.RuleIs:
			return rule.A
		case isa.RuleOneOf:
			return rule.B
		}
		return v
	}
	in = in.WithRegs(isa.Reg(fixed(o.Dst, int32(dst))), isa.Reg(fixed(o.Src, int32(src))))
	in.Off, in.Imm = int16(fixed(o.Off, int32(off))), fixed(o.Imm, in.Imm)
	insns := []isa.Insn{in}
	if o.Wide() {
		insns = append(insns, isa.Insn{Imm: int32(operand(r))})
	}
	if o.Form == isa.FormJumpImm || o.Form == isa.FormJumpReg {
		insns = append(insns, isa.New(isa.AluOp(isa.ClassAlu64, isa.Mov, isa.SrcK), isa.R0, 0, 0, 77))
	}
	return insns
}

func load64(dst isa.Reg, v uint64) []isa.Insn {
	return []isa.Insn{isa.New(isa.LdImm64, dst, 0, 0, int32(v)), {Imm: int32(v >> 32)}}
}

const bufSize = 256

// compare runs one random program on both engines. It ends by storing r0 to r5
// behind the 64 bytes that it worked on.
func compare(t *testing.T, w *world, o isa.Opcode, r *rand.Rand) {
	t.Helper()
	var insns []isa.Insn
	movX := isa.AluOp(isa.ClassAlu64, isa.Mov, isa.SrcX)
	insns = append(insns, isa.New(movX, isa.R6, isa.R1, 0, 0), isa.New(movX, isa.R7, isa.R1, 0, 0))
	for reg := isa.R0; reg <= isa.R5; reg++ {
		insns = append(insns, load64(reg, operand(r))...)
	}
	what := subject(o, r)
	insns = append(insns, what...)
	for reg := isa.R0; reg <= isa.R5; reg++ {
		insns = append(insns, isa.New(isa.MemOp(isa.ClassStx, isa.ModeMem, isa.SizeDW), isa.R6, reg, 64+8*int16(reg), 0))
	}
	insns = append(insns, isa.New(isa.ExitOp, 0, 0, 0, 0))
	img := &image.Program{Name: o.Name, Insns: insns}
	fill := make([]byte, bufSize)
	for i := 0; i < bufSize; i += 8 {
		binary.LittleEndian.PutUint64(fill[i:], operand(r))
	}
	var first []byte
	for _, engine := range []string{"interp", "checked", "jit", "jit plain", "jit straight", "jit older"} {
		a, b := memory(t, bufSize)
		copy(b, fill)
		p, err := engines[engine](img, vm.Options{}, bufSize)
		if err != nil {
			t.Fatalf("%s: %v", o.Name, err)
		}
		run(t, w, p, a)
		_ = p.Close()
		if first == nil {
			first = b
		}
		if string(first) != string(b) {
			t.Errorf("%s: %+v: the engines disagree\ninterp %x\n%-6s %x", o.Name, what, first, engine, b)
		}
	}
}

// run runs p once and wants no error.
func run(t *testing.T, w *world, p *vm.Program, bctx mem.Addr) uint64 {
	t.Helper()
	c, err := w.rt.Claim(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer w.rt.Release(c)
	r0, err := p.Run(c, bctx)
	if err != nil {
		t.Fatalf("%s: %v", p.Image().Name, err)
	}
	return r0
}
