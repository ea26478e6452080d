package vmfuzz

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/skepbpf/skep/asm"
	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/internal/randprog"
	"github.com/skepbpf/skep/isa"
)

func TestCompare(t *testing.T) {
	t.Parallel()
	yes, no := Verdict{Accepted: true, Insns: 5}, Verdict{Errno: 13, Line: "R1 !read_ok"}
	for _, c := range []struct {
		skep, kern   Verdict
		exact, loose Kind
	}{
		{yes, yes, Same, Same},
		{no, no, Same, Same},
		{yes, no, Unsound, Unsound},
		{no, yes, FalseReject, FalseReject},
		{yes, Verdict{Accepted: true, Insns: 6}, OtherInsns, Same},
		{no, Verdict{Errno: 22, Line: no.Line}, OtherErrno, Same},
		{no, Verdict{Errno: 13, Line: "R2 !read_ok"}, OtherLine, Same},
	} {
		if got := Compare(c.skep, c.kern, true); got != c.exact {
			t.Errorf("%v, %v: %q, want %q", c.skep, c.kern, got, c.exact)
		}
		if got := Compare(c.skep, c.kern, false); got != c.loose {
			t.Errorf("%v, %v, in another release: %q, want %q", c.skep, c.kern, got, c.loose)
		}
	}
	a := Difference{Kind: Unsound, Skep: yes, Kernel: Verdict{Line: "R1 offset -12 is 0x1f"}}
	b := Difference{Kind: Unsound, Skep: yes, Kernel: Verdict{Line: "R10 offset 7 is 0x3"}}
	if a.Key() != b.Key() {
		t.Errorf("%q and %q look alike", a.Key(), b.Key())
	}
}

func TestOlder(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"6.12.107+deb13-cloud-amd64", "6.18.40", true}, {"6.18.44", "6.18.40", false}, {"6.18.15+deb13", "6.18.40", true},
		{"7.3.4", "6.19", false}, {"6.2.0", "6.12", true}, {"6.18.3", "6.18", false},
	} {
		if got := older(c.a, c.b); got != c.want {
			t.Errorf("%s older than %s: %v", c.a, c.b, got)
		}
	}
}

const hidden = `
.license "GPL"
.program p section=xdp
    r6 = r1
    r2 = 1
    if r2 != 0 goto a
    r2 = 3
a:
    call sub
    r3 = 4
    if r3 > 2 goto b
    r3 = 5
b:
    r0 = *(u64 *)(r9 +0)
    r0 = 0
    exit
.func sub
    r0 = 0
    exit
`

// TestShrink finds the one instruction that matters.
func TestShrink(t *testing.T) {
	t.Parallel()
	c, err := asm.Parse("hidden", []byte(hidden))
	if err != nil {
		t.Fatal(err)
	}
	j := Judge{}
	tries := 0
	small := Shrink(c.Programs[0], 500, func(p *image.Program) bool {
		tries++
		v, err := j.Skep(context.Background(), p)
		return err == nil && v.Line == "R9 !read_ok"
	})
	if len(small.Insns) > 2 || !strings.Contains(Text(small), "(r9 +0)") {
		t.Errorf("after %d tries:\n%s", tries, Text(small))
	}
}

// TestEditsKeepPrograms demands legal programs of both ways to change one.
func TestEditsKeepPrograms(t *testing.T) {
	t.Parallel()
	for seed := range uint64(200) {
		p := randprog.New(seed, nil)
		before := slices.Clone(p.Insns)
		for at := range p.Insns {
			if q := without(p, at, 1); q != nil {
				legal(t, seed, q)
			}
		}
		for _, k := range knownDifferences {
			if k.without != nil {
				q, _ := replace(p, k.without)
				legal(t, seed, q)
			}
		}
		if !slices.Equal(before, p.Insns) {
			t.Fatalf("seed %d: the program given is changed", seed)
		}
	}
}

func legal(t *testing.T, seed uint64, p *image.Program) {
	t.Helper()
	if err := isa.Validate(p.Insns); err != nil {
		t.Fatalf("seed %d: %v", seed, err)
	}
	for i := 0; i < len(p.Insns); i++ {
		in := p.Insns[i]
		if d, _, ok := distance(in); ok {
			if to := i + 1 + d; to < 0 || to > len(p.Insns) || to < len(p.Insns) && p.Insns[to].Op == 0 && in.Op != isa.LdImm64 {
				t.Fatalf("seed %d, slot %d: goes to %d", seed, i, to)
			}
		}
		if in.IsWide() {
			i++
		}
	}
	for _, f := range p.Funcs {
		if f.Start < 0 || f.Start > len(p.Insns) {
			t.Fatalf("seed %d: a function starts at %d", seed, f.Start)
		}
	}
}

// TestReplaceKeepsMeaning demands that instructions which do nothing change no
// verdict.
func TestReplaceKeepsMeaning(t *testing.T) {
	t.Parallel()
	j := Judge{MaxInsns: 20000}
	nothing := isa.New(isa.AluOp(isa.ClassJmp, isa.JA, isa.SrcK), 0, 0, 0, 0)
	for seed := range uint64(150) {
		p := randprog.New(seed, nil)
		q, _ := replace(p, func(in isa.Insn) []isa.Insn {
			if c := in.Op.Class(); c == isa.ClassAlu64 {
				return []isa.Insn{nothing, in, nothing}
			}
			return nil
		})
		a, errA := j.Skep(context.Background(), p)
		b, errB := j.Skep(context.Background(), q)
		if errA == nil && errB == nil && a.Accepted != b.Accepted {
			t.Errorf("seed %d: %v, but %v with idle instructions between", seed, a, b)
		}
	}
}
