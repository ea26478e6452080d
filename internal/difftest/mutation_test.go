package difftest

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/skepbpf/skep/asm"
	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/internal/randprog"
	"github.com/skepbpf/skep/verifier"
	"github.com/skepbpf/skep/verifier/domain"
)

func parse(t *testing.T, text string) *image.Program {
	t.Helper()
	c, err := asm.Parse("prog.s", []byte(".license \"GPL\"\n"+text))
	if err != nil {
		t.Fatal(err)
	}
	return c.Programs[0]
}

// head reads a random number into r6 and finds an element for r7.
const head = `
.map array array key=4 value=64 entries=1
.map other array key=4 value=64 entries=1
.program p section=xdp
    r8 = r1
    *(u32 *)(r10 -4) = 0
    r2 = r10
    r2 += -4
    r1 = map[other] ll
    r1 = map[array] ll
    call bpf_map_lookup_elem
    if r0 == 0 goto out
    r7 = r0
    r6 = *(u64 *)(r7 +0)
`

const tail = `
out:
    r0 = 1
    exit
`

// TestWrongTransfersAreNoticed has the verifier see another instruction than
// the one that runs, in the place of X: as if its rule for that were wrong.
func TestWrongTransfersAreNoticed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, text, runs, seen string }{
		{"addition adds one less", head + "X" + tail, "r6 &= 255\n r6 += 8", "r6 &= 255\n r6 += 7"},
		{"a mask is one bit too narrow", head + "X" + tail, "r6 &= 15", "r6 &= 7"},
		{"a shift to the right is taken for signed", head + "X\n r6 &= -1" + tail, "r6 >>= 60", "r6 s>>= 60"},
		{"a 32-bit move keeps the upper half", head + "r6 = -1\n X" + tail, "w6 = w6", "r6 = r6"},
		{"a 64-bit move clears the upper half", head + "X" + tail, "r6 = r6", "w6 = w6"},
		{"a load is taken for a narrower one", head + "X" + tail, "r6 = *(u16 *)(r7 +0)", "r6 = *(u8 *)(r7 +0)"},
		{"a load forgets the sign", head + "X" + tail, "r6 = *(s8 *)(r7 +0)", "r6 = *(u8 *)(r7 +0)"},
		{"multiplication is taken for addition", head + "r6 &= 15\n X" + tail, "r6 *= r6", "r6 += r6"},
		{"division by zero keeps the number", head + "r6 |= 1\n r5 = 0\n X" + tail, "r6 /= r5", "r6 ^= r5"},
		{"negation does nothing", head + "r6 &= 7\n r6 |= 1\n X" + tail, "r6 = -r6", "r6 = le64 r6"},
		{"a swap is narrower", head + "X" + tail, "r6 = be32 r6", "r6 = be16 r6"},
		{"not above is taken for below", head + "r6 &= 3\n X\n r6 += 0\n r0 = r6" + tail, "if r6 > 2 goto out", "if r6 >= 2 goto out"},
		{"signed is taken for unsigned", head + "X\n r6 += 0" + tail, "if r6 s> 9 goto out", "if r6 > 9 goto out"},
		{"a narrow comparison binds the upper half", head + "r6 <<= 32\n X\n r6 += 0" + tail, "if w6 > 9 goto out", "if r6 > 9 goto out"},
		{"equal is taken for different", head + "r6 &= 1\n X\n r6 += 0" + tail, "if r6 == 0 goto out", "if r6 != 0 goto out"},
		{"a bit test goes the wrong way", head + "X\n r6 &= 1" + tail, "if r6 & 1 goto out", "if r6 & 2 goto out"},
		{"a store to the stack is not seen", head + "*(u64 *)(r10 -16) = 0\n X\n r0 = *(u64 *)(r10 -16)" + tail, "*(u64 *)(r10 -16) = 5", "r5 = 5"},
		{"a narrow store leaves the rest", head + "r5 = 700\n*(u64 *)(r10 -16) = r5\n X\n r0 = *(u64 *)(r10 -16)" + tail, "*(u8 *)(r10 -16) = 5", "*(u64 *)(r10 -16) = 5"},
		{"a pointer moves too far", head + "X\n r0 = *(u8 *)(r7 +0)" + tail, "r7 += 8", "r7 += 9"},
		{"a pointer into another map", head + "X" + tail, "r1 = map[array] ll", "r1 = map[other] ll"},
		{"an exchange gives the new number", head + "r6 = 5\n X" + tail, "r6 = xchg_64(r7 +0, r6)", "lock *(u64 *)(r7 +0) += r6"},
		{"the end of the packet is forgotten", head + "r2 = *(u32 *)(r8 +0)\n r3 = *(u32 *)(r8 +4)\n r4 = r2\n X\n if r4 > r3 goto out\n r0 = *(u8 *)(r2 +0)" + tail,
			"r4 += 14", "r4 += 1500"},
	} {
		t.Run(strings.ReplaceAll(c.name, " ", "_"), func(t *testing.T) {
			t.Parallel()
			runs := parse(t, strings.ReplaceAll(c.text, "X", c.runs))
			seen := parse(t, strings.ReplaceAll(c.text, "X", c.seen))
			var tally Tally
			if err := Check(context.Background(), runs, &Options{Runs: 64}, &tally); err != nil || tally.Programs != 1 {
				t.Fatalf("the program itself: %v, %v", err, &tally)
			}
			err := Check(context.Background(), runs, &Options{Runs: 64, Verified: seen}, &tally)
			var v *Violation
			if !errors.As(err, &v) {
				t.Errorf("not noticed: %v, %v", err, &tally)
			}
		})
	}
}

// eachValue changes what the visits say of the running function's registers.
func eachValue(w *verifier.Walk, change func(r int, v *verifier.Value)) {
	done := map[*verifier.VisitFrame]bool{}
	for i := range w.Visits {
		for _, f := range w.Visits[i].Frames {
			if done[f] {
				continue
			}
			done[f] = true
			for r := range f.Regs {
				change(r, &f.Regs[r])
			}
		}
	}
}

func eachSlot(w *verifier.Walk, change func(s *verifier.SavedSlot)) {
	done := map[*verifier.VisitFrame]bool{}
	for i := range w.Visits {
		for _, f := range w.Visits[i].Frames {
			if done[f] {
				continue
			}
			done[f] = true
			for k := range f.Stack {
				change(&f.Stack[k])
			}
		}
	}
}

// TestWrongRecordsAreNoticed spoils the record of a program that runs.
func TestWrongRecordsAreNoticed(t *testing.T) {
	t.Parallel()
	const numbers = head + "r6 = *(u8 *)(r7 +0)\n *(u64 *)(r10 -16) = r6\n r5 = r6\n r5 += 1\n if r6 > 100 goto out\n r0 = r5" + tail
	const pkt = head + `
    r2 = *(u32 *)(r8 +0)
    r3 = *(u32 *)(r8 +4)
    r4 = r2
    r4 += 14
    if r4 > r3 goto out
    r0 = *(u8 *)(r2 +13)
` + tail
	// The number in r9 is different on two ways to the same place, and nothing
	// relies on it there.
	const cover = head + `
    r9 = 1
    if r6 & 1 goto meet
    r9 = 2
    if r6 & 2 goto meet
    r9 = 3
    if r6 & 4 goto meet
    r9 = 4
    if r6 & 8 goto meet
    r9 = 5
meet:
    if r6 & 16 goto out
    if r6 & 32 goto out
    r0 = r9
    exit
` + tail
	const calls = head + `
    r1 = r6
    call twice
    r0 = 0
    exit
out:
    r0 = 1
    exit
.func twice
    r0 = r1
    r0 &= 7
    exit
`
	number := func(v *verifier.Value) bool { return v.Kind == verifier.ValueNumber && !v.IsConst() }
	for _, c := range []struct {
		name, text string
		tamper     func(*verifier.Walk)
	}{
		{"the largest unsigned number is smaller", numbers, func(w *verifier.Walk) {
			eachValue(w, func(_ int, v *verifier.Value) {
				if number(v) && v.UMax == 255 {
					v.UMax = 127
				}
			})
		}},
		{"the smallest signed number is larger", numbers, func(w *verifier.Walk) {
			eachValue(w, func(_ int, v *verifier.Value) {
				if number(v) && v.SMax == 255 {
					v.SMin = 64
				}
			})
		}},
		{"the largest 32-bit number is smaller", numbers, func(w *verifier.Walk) {
			eachValue(w, func(_ int, v *verifier.Value) {
				if number(v) && v.UMax == 255 {
					v.U32Max, v.S32Max = 127, 127
				}
			})
		}},
		{"a bit is known", numbers, func(w *verifier.Walk) {
			eachValue(w, func(_ int, v *verifier.Value) {
				if number(v) {
					v.Bits.Mask &^= 1
				}
			})
		}},
		{"a saved number is constant", numbers, func(w *verifier.Walk) {
			eachSlot(w, func(s *verifier.SavedSlot) {
				if s.Bytes[7] == verifier.ByteSaved {
					s.Value.Scalar = domain.Const(300)
				}
			})
		}},
		{"data on the stack is zero", numbers, func(w *verifier.Walk) {
			eachSlot(w, func(s *verifier.SavedSlot) {
				if s.Bytes[0] == verifier.ByteSaved {
					*s = verifier.SavedSlot{Bytes: [8]verifier.ByteKind{verifier.ByteZero}}
				}
			})
		}},
		{"numbers that differ by one have the same id", numbers, func(w *verifier.Walk) {
			eachValue(w, func(_ int, v *verifier.Value) {
				if v.Link == 64 {
					v.Link = 0
				}
			})
		}},
		{"their distance is wrong", numbers, func(w *verifier.Walk) {
			eachValue(w, func(_ int, v *verifier.Value) {
				if v.Link == 64 {
					v.Off++
				}
			})
		}},
		{"a way out of a branch is missing", numbers, func(w *verifier.Walk) {
			for i := range w.Visits {
				if n := w.Visits[i].Next; len(n) == 2 {
					w.Visits[i].Next = n[:1]
				}
			}
		}},
		{"a pointer may not be NULL", strings.Replace(numbers, "-4) = 0", "-4) = 9", 1), func(w *verifier.Walk) {
			eachValue(w, func(_ int, v *verifier.Value) { v.MayBeNull = false })
		}},
		{"a value is in another map", numbers, func(w *verifier.Walk) {
			eachValue(w, func(_ int, v *verifier.Value) {
				if v.Kind == verifier.ValueMapValue {
					v.Arg = 1 - v.Arg
				}
			})
		}},
		{"a map is another", numbers, func(w *verifier.Walk) {
			eachValue(w, func(_ int, v *verifier.Value) {
				if v.Kind == verifier.ValueMap {
					v.Arg = 1 - v.Arg
				}
			})
		}},
		{"a pointer to a value is farther", numbers, func(w *verifier.Walk) {
			eachValue(w, func(_ int, v *verifier.Value) {
				if v.Kind == verifier.ValueMapValue {
					v.Off += 8
				}
			})
		}},
		{"the context is elsewhere", numbers, func(w *verifier.Walk) {
			eachValue(w, func(_ int, v *verifier.Value) {
				if v.Kind == verifier.ValueCtx {
					v.Off++
				}
			})
		}},
		{"a pointer to the stack is farther", numbers, func(w *verifier.Walk) {
			eachValue(w, func(_ int, v *verifier.Value) {
				if v.Kind == verifier.ValueStack {
					v.Off++
				}
			})
		}},
		{"a pointer is a number", numbers, func(w *verifier.Walk) {
			eachValue(w, func(_ int, v *verifier.Value) {
				if v.Kind == verifier.ValueStack {
					v.Kind, v.UMax = verifier.ValueNumber, 4096
				}
			})
		}},
		{"more of the packet is proven", pkt, func(w *verifier.Walk) {
			eachValue(w, func(_ int, v *verifier.Value) {
				if v.Kind == verifier.ValuePacket && v.Arg == 14 {
					v.Arg = 2000
				}
			})
		}},
		{"the packet begins later", pkt, func(w *verifier.Walk) {
			eachValue(w, func(_ int, v *verifier.Value) {
				if v.Kind == verifier.ValuePacket {
					v.Off++
				}
			})
		}},
		{"the packet ends earlier", pkt, func(w *verifier.Walk) {
			eachValue(w, func(_ int, v *verifier.Value) {
				if v.Kind == verifier.ValuePacketEnd {
					v.Off--
				}
			})
		}},
		{"a cover binds what it does not", cover, func(w *verifier.Walk) {
			for i := range w.Visits {
				b := &w.Visits[i].Bound
				for f := range b.Regs {
					b.Regs[f], b.Slots[f] = 0xffff, ^uint64(0)
				}
			}
		}},
		{"a cover is another state", cover, func(w *verifier.Walk) {
			for i := range w.Visits {
				if w.Visits[i].Cover != 0 {
					w.Visits[i].Cover = 1
				}
			}
		}},
		{"a function does not come back", calls, func(w *verifier.Walk) {
			for i := range w.Visits {
				if v := &w.Visits[i]; len(v.Frames) == 2 && len(v.Next) > 0 && len(w.Visits[v.Next[0]].Frames) == 1 {
					v.Next = nil
				}
			}
		}},
		{"an argument is unrelated", calls, func(w *verifier.Walk) {
			for i := range w.Visits {
				if v := &w.Visits[i]; len(v.Frames) == 2 {
					v.Frames[1].Regs[1].Scalar = domain.Const(1)
				}
			}
		}},
	} {
		t.Run(strings.ReplaceAll(c.name, " ", "_"), func(t *testing.T) {
			t.Parallel()
			img := parse(t, c.text)
			var tally Tally
			if err := Check(context.Background(), img, &Options{Runs: 64}, &tally); err != nil || tally.Programs != 1 {
				t.Fatalf("the program itself: %v, %v", err, &tally)
			}
			err := Check(context.Background(), img, &Options{Runs: 64, Tamper: c.tamper}, &tally)
			var v *Violation
			if !errors.As(err, &v) {
				t.Errorf("not noticed: %v, %v", err, &tally)
			}
		})
	}
}

// TestRandomRecordsBind spoils every number in the records of random programs:
// what is not noticed there is checked nowhere.
func TestRandomRecordsBind(t *testing.T) {
	t.Parallel()
	noticed, all := 0, 0
	var clean, tally Tally
	for seed := range uint64(120) {
		img := randprog.New(seed, &randprog.Options{NoMutation: true})
		before := clean.Programs
		opts := &Options{Seed: seed, Runs: 2, MaxSteps: 2000}
		if err := Check(context.Background(), img, opts, &clean); err != nil {
			t.Fatal(err)
		}
		if clean.Programs == before {
			continue
		}
		opts.Tamper = func(w *verifier.Walk) {
			eachValue(w, func(_ int, v *verifier.Value) {
				if v.Kind == verifier.ValueNumber && !v.IsUnknown() {
					v.Scalar = domain.Const(v.UMax + 1)
				}
			})
		}
		all++
		if Check(context.Background(), img, opts, &tally) != nil {
			noticed++
		}
	}
	if t.Logf("%d of %d", noticed, all); all < 20 || noticed*10 < all*9 {
		t.Errorf("only %d of %d spoiled records are noticed", noticed, all)
	}
}
