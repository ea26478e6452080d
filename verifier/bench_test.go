package verifier_test

import (
	"context"
	"testing"

	"github.com/skepbpf/skep/asm"
	"github.com/skepbpf/skep/verifier"
)

// loopSource counts to 10,000 with a value that differs in every round, so that
// no state covers another.
const loopSource = `.license "GPL"
.program p section=xdp
    r6 = 0
    r7 = 1
loop:
    r7 *= 3
    *(u64 *)(r10 -8) = r7
    r8 = *(u64 *)(r10 -8)
    w8 &= 255
    r8 += r6
    r6 += 1
    if r6 < 10000 goto loop
    r0 = 2
    exit
`

// branchSource has ten tests of unknown values in a row, each of which the
// next states cover.
const branchSource = `.license "GPL"
.program p section=xdp
    r6 = r1
    r7 = 0
    r9 = 0
loop:
    r8 = *(u32 *)(r6 +12)
    if r8 > 5 goto a
    r7 += 1
a:
    if r8 > 9 goto b
    r7 += 2
b:
    if w8 s< 3 goto c
    r7 += 3
c:
    r9 += 1
    if r9 < 2000 goto loop
    r0 = 2
    exit
`

func BenchmarkVerify(b *testing.B) {
	for _, c := range []struct{ name, text string }{{"loop", loopSource}, {"branches", branchSource}} {
		b.Run(c.name, func(b *testing.B) {
			coll, err := asm.Parse(c.name, []byte(c.text))
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			insns := 0
			for b.Loop() {
				p, err := verifier.Verify(context.Background(), coll.Programs[0], nil)
				if err != nil {
					b.Fatal(err)
				}
				insns += p.Stats().Insns
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(insns), "ns/insn")
		})
	}
}

// TestCancel demands that a verification ends soon after its context does.
func TestCancel(t *testing.T) {
	t.Parallel()
	coll, err := asm.Parse("loop", []byte(loopSource))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := verifier.Verify(ctx, coll.Programs[0], nil); err == nil {
		t.Fatal("a cancelled verification succeeded")
	}
}

// TestBudget demands that the limit on processed instructions holds.
func TestBudget(t *testing.T) {
	t.Parallel()
	coll, err := asm.Parse("loop", []byte(loopSource))
	if err != nil {
		t.Fatal(err)
	}
	_, err = verifier.Verify(context.Background(), coll.Programs[0], &verifier.Options{MaxInsns: 1000})
	if err == nil || err.(*verifier.Error).Code != verifier.CodeTooManyInsns {
		t.Fatalf("got %v, want %v", err, verifier.CodeTooManyInsns)
	}
}
