package vm_test

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/isa"
	"github.com/skepbpf/skep/vm"
)

// quotientForm is a form of division.
type quotientForm struct{ is32, signed, mod bool }

// of is what the form makes of a and b, which Go defines as RFC 9669 section
// 4.1 does but for the divisors 0 and -1.
func (f quotientForm) of(a, b uint64) uint64 {
	switch {
	case f.is32 && f.signed:
		a, b = uint64(int64(int32(a))), uint64(int64(int32(b)))
	case f.is32:
		a, b = uint64(uint32(a)), uint64(uint32(b))
	}
	var q uint64
	switch {
	case b == 0 && f.mod:
		q = a
	case b == 0:
	case f.signed && f.mod && b == math.MaxUint64:
	case f.signed && b == math.MaxUint64:
		q = -a
	case f.signed && f.mod:
		q = uint64(int64(a) % int64(b))
	case f.signed:
		q = uint64(int64(a) / int64(b))
	case f.mod:
		q = a % b
	default:
		q = a / b
	}
	if f.is32 {
		q = uint64(uint32(q))
	}
	return q
}

// op is the instruction, by a constant or a register.
func (f quotientForm) op(dst, src isa.Reg, imm int32, x bool) isa.Insn {
	class, code, from, off := isa.ClassAlu64, isa.Div, isa.SrcK, int16(0)
	if f.is32 {
		class = isa.ClassAlu
	}
	if f.mod {
		code = isa.Mod
	}
	if f.signed {
		off = 1
	}
	if x {
		from, imm = isa.SrcX, 0
	} else {
		src = 0
	}
	return isa.New(isa.AluOp(class, code, from), dst, src, off, imm)
}

func quotientForms() (all []quotientForm) {
	for i := range 8 {
		all = append(all, quotientForm{i&1 != 0, i&2 != 0, i&4 != 0})
	}
	return all
}

var (
	loadWord  = isa.MemOp(isa.ClassLdx, isa.ModeMem, isa.SizeDW)
	storeWord = isa.MemOp(isa.ClassStx, isa.ModeMem, isa.SizeDW)
	copyWord  = isa.AluOp(isa.ClassAlu64, isa.Mov, isa.SrcX)
	setWord   = isa.AluOp(isa.ClassAlu64, isa.Mov, isa.SrcK)
)

const quotients = 16 // dividends of a program

// quotientProgram divides the first 16 words at r1 in dst, by the constant imm
// or by src, which is the word behind or, if it is known, by. Then it stores
// r0 to r5, which were 100 + their number, where kept asks for it.
func quotientProgram(f quotientForm, dst, src isa.Reg, by uint64, x, known, kept bool) []isa.Insn {
	p := []isa.Insn{isa.New(copyWord, isa.R6, isa.R1, 0, 0)}
	for r := isa.R0; r <= isa.R5; r++ {
		p = append(p, isa.New(setWord, r, 0, 0, 100+int32(r)))
	}
	switch {
	case x && known:
		p = append(p, load64(src, by)...)
	case x:
		p = append(p, isa.New(loadWord, src, isa.R6, 8*quotients, 0))
	}
	for i := range int16(quotients) {
		p = append(p, isa.New(loadWord, dst, isa.R6, 8*i, 0), f.op(dst, src, int32(by), x), isa.New(storeWord, isa.R6, dst, 8*i, 0))
	}
	for r := isa.R0; r <= isa.R5 && kept; r++ {
		p = append(p, isa.New(storeWord, isa.R6, r, 8*(quotients+1)+8*int16(r), 0))
	}
	return append(p, isa.New(setWord, isa.R0, 0, 0, 0), isa.New(isa.ExitOp, 0, 0, 0, 0))
}

// dividendsOf are numbers at which a wrong quotient by b shows.
func dividendsOf(r *rand.Rand, b uint64, is32 bool) [quotients]uint64 {
	if is32 {
		b = uint64(uint32(b))
	}
	b = max(b, 1)
	near := math.MaxUint64 / b * b
	list := [quotients]uint64{0, 1, near, near - 1, b, b - 1, 1 << 63, 1 << 31, math.MaxUint64, math.MaxUint32, math.MaxUint32 / b * b}
	for i := 11; i < quotients; i++ {
		n := r.Uint64() >> r.IntN(64)
		if list[i] = n; i&1 != 0 {
			list[i] = n/b*b - 1
		}
	}
	return list
}

// checkQuotients runs a program of quotientProgram.
func checkQuotients(t *testing.T, w *world, r *rand.Rand, engine string, f quotientForm, dst, src isa.Reg, by uint64, x, known bool) {
	t.Helper()
	kept := r.IntN(2) == 0
	img := &image.Program{Name: "quotients", Type: abi.Syscall, Flags: abi.Sleepable, Insns: quotientProgram(f, dst, src, by, x, known, kept)}
	p, err := engines[engine](img, vm.Options{}, bufSize)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	a, b := memory(t, 1024)
	list := dividendsOf(r, by, f.is32)
	for i, n := range list {
		binary.LittleEndian.PutUint64(b[8*i:], n)
	}
	binary.LittleEndian.PutUint64(b[8*quotients:], by)
	run(t, w, p, a)
	for i, n := range list {
		divisor := by
		if x && dst == src {
			divisor = n
		}
		if got, want := binary.LittleEndian.Uint64(b[8*i:]), f.of(n, divisor); got != want {
			t.Errorf("%s: %+v: %#x by %#x in r%d (r%d: %v): %#x, want %#x", engine, f, n, divisor, dst, src, x, got, want)
		}
	}
	for reg := isa.R0; reg <= isa.R5 && kept; reg++ {
		want := 100 + uint64(reg)
		if reg == dst || x && reg == src {
			continue
		}
		if got := binary.LittleEndian.Uint64(b[8*(quotients+1)+8*int(reg):]); got != want {
			t.Errorf("%s: %+v by %#x in r%d (r%d: %v): r%d is %#x, want %#x", engine, f, by, dst, src, x, reg, got, want)
		}
	}
}

// divisorsOf are divisors at which ways to divide differ.
func divisorsOf(r *rand.Rand) []uint64 {
	var list []uint64
	for d := uint64(1); d <= 1000; d++ {
		list = append(list, d)
	}
	for k := range 64 {
		list = append(list, 1<<k, 1<<k-1, 1<<k+1, -(1 << k), -(1<<k + 1), 1<<k+1<<(k/2))
	}
	for range 300 {
		list = append(list, r.Uint64()>>r.IntN(64))
	}
	return list
}

var quotientEngines = []string{"jit", "jit plain", "jit verified"}

// TestDivisionByConstants divides by constants of 32 bits as instructions have
// them, and by registers of which the verifier knows that they hold a constant.
func TestDivisionByConstants(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "interp", "none", []byte(".program none section=socket\n r0 = 0\n exit\n"), 0)
	r := rand.New(rand.NewPCG(7, 8))
	for i, d := range divisorsOf(r) {
		f := quotientForms()[i%8]
		for _, engine := range quotientEngines {
			dst, src := isa.Reg(r.IntN(6)), isa.Reg(r.IntN(6))
			known := int64(d) != int64(int32(d))
			if known && (engine != "jit verified" || src == dst) {
				continue
			}
			if d&0xffff_ffff == 0 {
				continue
			}
			checkQuotients(t, w, r, engine, f, dst, src, d, known, known)
		}
	}
}

// TestDivisionByRegisters divides by registers of any content.
func TestDivisionByRegisters(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "interp", "none", []byte(".program none section=socket\n r0 = 0\n exit\n"), 0)
	r := rand.New(rand.NewPCG(7, 9))
	for range 60 {
		for dst := isa.R0; dst <= isa.R5; dst++ {
			f := quotientForms()[r.IntN(8)]
			engine := quotientEngines[r.IntN(len(quotientEngines))]
			checkQuotients(t, w, r, engine, f, dst, isa.Reg(r.IntN(6)), operand(r), true, false)
		}
	}
}
