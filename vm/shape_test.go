package vm_test

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/skepbpf/skep/asm"
	"github.com/skepbpf/skep/vm"
	"github.com/skepbpf/skep/vm/jit"
	"github.com/skepbpf/skep/vm/jit/emit"
)

// shapeText is a random program of what machine code puts into one instruction:
// loads and stores by sums and indices, copies that are changed, arithmetic
// that a jump asks for, in loops. r6 is the buffer, r0 to r5 and r7 to r9 hold
// numbers.
func shapeText(r *rand.Rand) string {
	var t strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&t, " "+format+"\n", args...) }
	numbers := []int{0, 1, 2, 3, 4, 5, 7, 8}
	reg := func() int { return numbers[r.IntN(len(numbers))] }
	imm := func() int32 {
		return []int32{0, 1, -1, 8, 127, -128, 255, 65535, 1 << 30, -1 << 31}[r.IntN(10)]
	}
	size := func() string { return []string{"u8", "u16", "u32", "u64"}[r.IntN(4)] }
	width := func() string { return "rw"[r.IntN(2):][:1] }
	op := func() string { return []string{"+", "-", "|", "&", "^", "*"}[r.IntN(6)] }
	cond := func() string { return []string{"==", "!=", "s<", "s>=", "<", ">"}[r.IntN(6)] }
	t.WriteString(".program p section=socket\n")
	line("r6 = r1")
	for _, n := range numbers {
		line("r%d = *(u64 *)(r6 +%d)", n, 8*n)
	}
	line("r9 = %d", 1+r.IntN(4))
	t.WriteString("again:\n")
	labels := 0
	jump := func(a int, b string) {
		labels++
		w := width()
		line("if %s%d %s %s goto l%d", w, a, cond(), strings.ReplaceAll(b, "?", w), labels)
		line("r%d += 1", reg())
		fmt.Fprintf(&t, "l%d:\n", labels)
	}
	for range 6 + r.IntN(20) {
		a, b, c := reg(), reg(), reg()
		w := width()
		switch r.IntN(10) {
		case 9: // a load, an operation and the store back
			s, at := size(), 64+r.IntN(32)
			line("r%d = *(%s *)(r6 +%d)", a, s, at)
			if r.IntN(2) == 0 {
				line("%s%d %s= %d", w, a, op(), imm())
			} else {
				line("%s%d %s= %s%d", w, a, op(), w, b)
			}
			line("*(%s *)(r6 +%d) = r%d", s, at, a)
			if r.IntN(4) > 0 {
				line("r%d = %d", a, imm())
			}
		case 0: // base + index, with scale or not
			line("r%d = r%d", a, b)
			line("r%d &= 7", a)
			line("r%d <<= %d", a, r.IntN(4))
			if a != c && r.IntN(2) == 0 {
				line("r%d = r6", c)
				line("r%d += %d", c, 8*r.IntN(4))
				line("r%d += r%d", c, a)
			} else {
				c = a
				line("r%d += r6", c)
			}
			switch what := r.IntN(3); {
			case what == 0 || what == 1 && b == c: // addresses differ from run to run
				line("r%d = *(%s *)(r%d +%d)", reg(), size(), c, r.IntN(64))
			case what == 1:
				line("*(%s *)(r%d +%d) = r%d", size(), c, 64+r.IntN(64), b)
			default:
				line("*(%s *)(r%d +%d) = %d", size(), c, 64+r.IntN(64), imm())
			}
			line("r%d = %d", c, imm()) // an address is no result
		case 1: // a load and what uses it
			line("r%d = *(%s *)(r6 +%d)", a, size(), r.IntN(64))
			line("%s%d %s= %s%d", w, b, op(), w, a)
			if r.IntN(2) == 0 {
				line("r%d = %d", a, imm())
			}
		case 2: // a load and a jump
			line("r%d = *(%s *)(r6 +%d)", a, size(), r.IntN(64))
			jump(b, fmt.Sprintf("?%d", a))
			if r.IntN(2) == 0 {
				line("r%d = %d", a, imm())
			}
		case 3, 4: // a copy that is changed
			line("%s%d = %s%d", w, a, w, b)
			if w = width(); r.IntN(2) == 0 {
				line("%s%d %s= %d", w, a, op(), imm())
			} else {
				line("%s%d %s= %s%d", w, a, op(), w, c)
			}
		case 5:
			line("%s%d = %s%d", w, a, w, b)
			line("%s%d <<= %d", width(), a, r.IntN(4))
		case 6: // arithmetic and a jump
			if r.IntN(2) == 0 {
				line("%s%d %s= %d", w, a, op(), imm())
			} else {
				line("%s%d %s= %s%d", w, a, op(), w, b)
			}
			jump(a, "0")
		case 7: // the stack by a sum
			if b == c {
				continue
			}
			line("r%d = r10", c)
			line("r%d += -64", c)
			line("*(%s *)(r%d +%d) = r%d", size(), c, 8*r.IntN(7), numbers[r.IntN(len(numbers))])
			line("*(u64 *)(r10 -64) = r%d", b)
			line("r%d = *(u64 *)(r%d +0)", c, c)
		case 8:
			jump(a, fmt.Sprintf("?%d", b))
		}
		if r.IntN(8) == 0 {
			line("*(u64 *)(r6 +%d) = r%d", 8*r.IntN(8), reg())
		}
	}
	line("r9 += -1")
	line("if r9 != 0 goto again")
	for _, n := range numbers {
		line("*(u64 *)(r6 +%d) = r%d", 128+8*n, n)
	}
	line("r0 = 0")
	line("exit")
	return t.String()
}

// turnsText is a random program of short loops that run a known number of times
// over the buffer: they add up, copy and count.
func turnsText(r *rand.Rand) string {
	var t strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&t, " "+format+"\n", args...) }
	size := func() string { return []string{"u8", "u16", "u32", "u64"}[r.IntN(4)] }
	width := func() string { return "rw"[r.IntN(2):][:1] }
	t.WriteString(".program p section=socket\n")
	line("r6 = r1")
	for n := range 6 {
		line("r%d = *(u64 *)(r6 +%d)", n, 8*n)
	}
	for n := range 2 + r.IntN(3) {
		step := []int{1, 1, 2, 3, 8}[r.IntN(5)]
		turns := 1 + r.IntN(min(40, 64/step))
		line("r7 = 0")
		line("r8 = r6")
		fmt.Fprintf(&t, "l%d:\n", n)
		for range 1 + r.IntN(3) {
			x, sum := r.IntN(2), 2+r.IntN(4) // what is added, and where
			switch r.IntN(6) {
			case 0, 1:
				line("r%d = r6", x)
				line("r%d += r7", x)
				line("r%d = *(%s *)(r%d +%d)", x, size(), x, r.IntN(64))
				if r.IntN(2) == 0 {
					line("r%d = be%d r%d", x, 16<<r.IntN(3), x)
				}
				line("%s%d %s= %s%d", "rw"[n&1:][:1], sum, []string{"+", "^"}[r.IntN(2)], "rw"[n&1:][:1], x)
			case 2:
				line("r%d = *(%s *)(r8 +%d)", x, size(), r.IntN(32))
				line("r%d += r%d", sum, x)
			case 3:
				line("r%d = *(%s *)(r6 +%d)", x, size(), r.IntN(64))
				line("*(%s *)(r8 +%d) = r%d", size(), 100+r.IntN(64), x)
			case 4:
				line("%s%d += r7", "r", sum)
			case 5:
				line("%s%d *= 31", width(), sum)
			}
		}
		if r.IntN(3) > 0 {
			line("r8 += %d", []int{1, 1, 2}[r.IntN(3)])
		}
		line("r7 += %d", step)
		if r.IntN(2) == 0 {
			line("if r7 != %d goto l%d", step*turns, n)
		} else {
			line("if r7 == %d goto x%d", step*turns, n)
			line("goto l%d", n)
			fmt.Fprintf(&t, "x%d:\n", n)
		}
		line("*(u64 *)(r6 +%d) = r7", 8*n)
	}
	line("r8 -= r6") // addresses differ from run to run
	for n := range 9 {
		if n != 6 {
			line("*(u64 *)(r6 +%d) = r%d", 176+8*n, n)
		}
	}
	line("r0 = 0")
	line("exit")
	return t.String()
}

// TestShapesOfMachineCodeComputeTheSame runs random programs in the interpreter
// and on the JIT, with all optimisations, without each one, and without any.
func TestShapesOfMachineCodeComputeTheSame(t *testing.T) {
	t.Parallel()
	all, err := native()
	if err != nil {
		t.Skip(err)
	}
	natives := []*jit.Engine{all}
	offs := []emit.Opt{0}
	for o := emit.Opt(1); o <= emit.OptAll; o <<= 1 {
		e, err := jit.New(&jit.Options{Off: o, Plain: o&emit.OptShape != 0, NoSignals: true})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = e.Close() })
		natives, offs = append(natives, e), append(offs, o)
	}
	w := newWorld(t, "interp", "none", []byte(".program none section=socket\n r0 = 0\n exit\n"), 0)
	r := rand.New(rand.NewPCG(5, 6))
	for n := range 800 {
		text := shapeText(r)
		switch {
		case n%2 == 0:
			text = turnsText(r)
		case n%5 == 0:
			text = onesText(r)
		}
		coll, err := asm.Parse("shapes", []byte(text))
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		img := coll.Programs[0]
		fill := make([]byte, bufSize)
		for i := 0; i < bufSize; i += 8 {
			binary.LittleEndian.PutUint64(fill[i:], operand(r))
		}
		outcome := func(p *vm.Program, err error) string {
			if err != nil {
				t.Fatalf("%v\n%s", err, text)
			}
			a, b := memory(t, bufSize)
			copy(b, fill)
			run(t, w, p, a)
			_ = p.Close()
			return string(b)
		}
		want := outcome(engines["interp"](img, vm.Options{}, bufSize))
		for i, e := range natives {
			if i > 0 && n/2%len(natives) != i && n%10 > 1 {
				continue
			}
			if got := outcome(vm.NewUnverified(img, trustingNative{e}, vm.Options{})); got != want {
				t.Fatalf("without %#x:\ngot  %x\nwant %x\n%s", offs[i], got, want, text)
			}
		}
	}
}

// onesText is a random program of counts of ones, zeros at the end and zeros at
// the begin in loops, as compilers write them: constants in registers of the
// loop or loaded each time, some of the sums' parts read by others.
func onesText(r *rand.Rand) string {
	var t strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&t, " "+format+"\n", args...) }
	t.WriteString(".program p section=socket\n")
	line("r6 = r1")
	line("r7 = 0")
	line("r9 = 0")
	line("r4 = 0x3333333333333333 ll")
	for _, n := range []int{0, 2, 8} {
		line("r%d = *(u64 *)(r6 +%d)", n, 8*n%64)
	}
	t.WriteString("again:\n")
	line("r1 = r6")
	line("r1 += r7")
	line("r1 = *(u64 *)(r1 +0)")
	for range 1 + r.IntN(3) {
		w, top := "r", 56
		if r.IntN(2) == 0 {
			w, top = "w", 24
		}
		between := func() {
			switch r.IntN(10) {
			case 0:
				line("r9 += r%d", r.IntN(3))
			case 1:
				line("*(u64 *)(r6 +%d) = r%d", 64+8*r.IntN(8), r.IntN(3))
			case 2:
				line("r8 = r%d", r.IntN(3))
			case 3:
				line("r9 ^= r8")
			}
		}
		op := func(dst int, op, c string) {
			if r.IntN(4) == 0 {
				between()
			}
			switch {
			case w == "w":
				line("w%d %s= 0x%s", dst, op, c)
			case c[0] == '3' && r.IntN(2) == 0:
				line("r%d %s= r4", dst, op)
			default:
				line("r3 = 0x%s%s ll", c, c)
				line("r%d %s= r3", dst, op)
			}
		}
		switch r.IntN(4) {
		case 0: // zeros at the end
			line("%s2 = %s1", w, w)
			line("%s2 ^= -1", w)
			line("%s1 += -1", w)
			line("%s1 &= %s2", w, w)
		case 1: // zeros at the begin
			for n := 1; n < top; n *= 2 {
				line("%s2 = %s1", w, w)
				line("%s2 >>= %d", w, n)
				line("%s1 |= %s2", w, w)
			}
			line("%s1 ^= -1", w)
		}
		line("%s2 = %s1", w, w)
		line("%s2 >>= 1", w)
		op(2, "&", "55555555")
		line("%s1 -= %s2", w, w)
		line("%s0 = %s1", w, w)
		if r.IntN(2) == 0 {
			op(0, "&", "33333333")
			line("%s1 >>= 2", w)
			op(1, "&", "33333333")
		} else {
			line("%s1 >>= 2", w)
			op(1, "&", "33333333")
			op(0, "&", "33333333")
		}
		line("%s0 += %s1", w, w)
		line("%s2 = %s0", w, w)
		line("%s2 >>= 4", w)
		line("%s0 += %s2", w, w)
		op(0, "&", "0f0f0f0f")
		op(0, "*", "01010101")
		line("%s0 >>= %d", w, top)
		line("r9 += r0")
		if r.IntN(2) == 0 {
			line("r2 = 7")
		}
		line("r1 = *(u64 *)(r6 +%d)", 8*r.IntN(8))
	}
	line("r7 += 8")
	line("if r7 != 64 goto again")
	line("*(u64 *)(r6 +%d) = r9", 64)
	line("r0 = 0")
	line("exit")
	return t.String()
}
