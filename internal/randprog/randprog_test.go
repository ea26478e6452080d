package randprog

import (
	"context"
	"reflect"
	"slices"
	"testing"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/isa"
	"github.com/skepbpf/skep/verifier"
)

const programs = 3000

// TestEncodings demands that every instruction is legal, every jump stays in
// its function and lands on an instruction, and every reference has its map.
func TestEncodings(t *testing.T) {
	t.Parallel()
	for seed := range uint64(programs) {
		check(t, seed, New(seed, nil))
	}
}

func check(t *testing.T, seed uint64, p *image.Program) {
	t.Helper()
	if err := isa.Validate(p.Insns); err != nil {
		t.Fatalf("seed %d: %v", seed, err)
	}
	for i := 0; i < len(p.Insns); i++ {
		in := p.Insns[i]
		to := i
		switch c := in.Op.Class(); {
		case in.IsWide():
			switch in.Src() {
			case isa.PseudoMapIdx, isa.PseudoMapIdxValue:
				if int(in.Imm) >= len(p.Maps) || in.Imm < 0 {
					t.Errorf("seed %d, slot %d: no map %d", seed, i, in.Imm)
				}
			case isa.PseudoFunc:
				to = i + 1 + int(in.Imm)
			}
		case in.Op == isa.CallOp && in.Src() == isa.CallLocal:
			to = i + 1 + int(in.Imm)
		case in.Op == isa.CallOp || in.Op == isa.ExitOp:
		case c == isa.ClassJmp || c == isa.ClassJmp32:
			to = i + 1 + int(in.Off)
			if to < 0 || to >= len(p.Insns) || p.FuncAt(to) != p.FuncAt(i) {
				t.Errorf("seed %d, slot %d: jumps out of its function to %d", seed, i, to)
				continue
			}
		}
		if to < 0 || to >= len(p.Insns) || p.Insns[to].Op == 0 {
			t.Errorf("seed %d, slot %d: goes to %d, which is no instruction", seed, i, to)
		}
		if in.IsWide() {
			i++
		}
	}
}

func TestSeedsReproduce(t *testing.T) {
	t.Parallel()
	for seed := range uint64(200) {
		a, b := New(seed, nil), New(seed, nil)
		if !slices.Equal(a.Insns, b.Insns) || a.Type != b.Type || len(a.Maps) != len(b.Maps) {
			t.Fatalf("seed %d gives two programs", seed)
		}
		if c := New(seed+1, nil); reflect.DeepEqual(a.Insns, c.Insns) {
			t.Errorf("seeds %d and %d give the same program", seed, seed+1)
		}
	}
}

// TestCoverage demands that every instruction that Linux has beside kernel
// functions occurs, and every program type.
func TestCoverage(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	kinds := map[abi.ProgType]bool{}
	for seed := range uint64(programs) {
		p := New(seed, nil)
		kinds[p.Type] = true
		for i := 0; i < len(p.Insns); i++ {
			seen[isa.Lookup(p.Insns[i]).Name] = true
			if p.Insns[i].IsWide() {
				i++
			}
		}
	}
	for _, o := range isa.Opcodes() {
		if !seen[o.Name] && !foreign[o.Name] {
			t.Errorf("%s is never written", o.Name)
		}
	}
	for _, k := range types {
		if !kinds[k] {
			t.Errorf("no program of type %s", k)
		}
	}
}

// TestAboutHalfAreAccepted demands of the verifier's verdicts that neither side
// is rare, for programs with changes at the end and without.
func TestAboutHalfAreAccepted(t *testing.T) {
	t.Parallel()
	for _, opts := range []Options{{}, {NoMutation: true}} {
		accepted, byType := 0, map[abi.ProgType]int{}
		const n = 800
		for seed := range uint64(n) {
			p := New(seed, &opts)
			if _, err := verifier.Verify(context.Background(), p, &verifier.Options{MaxInsns: 50000}); err == nil {
				accepted++
				byType[p.Type]++
			}
		}
		t.Logf("accepted %d of %d, %v", accepted, n, byType)
		if accepted < n*35/100 || accepted > n*75/100 {
			t.Errorf("%+v: %d of %d programs are accepted", opts, accepted, n)
		}
		for _, k := range types {
			if byType[k] == 0 {
				t.Errorf("%+v: no program of type %s is accepted", opts, k)
			}
		}
	}
}

// foreign are the instructions that need more than a program: descriptors,
// kernel functions and types, arenas.
var foreign = map[string]bool{
	"addr_space_cast": true, "call_kfunc": true, "callx": true, "gotox": true, "lddw_map_fd": true, "lddw_map_value": true,
	"lddw_btf_id": true, "gotol": true,
}

// FuzzFromBytes demands legal programs of any bytes.
func FuzzFromBytes(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte("\x01\x02\x03\x04\x20\x21\x22\x23\x2c\x2d\x2e\x2f\x30\x31\x32\x33\x34\x35\x36\x37\x38\x39\x3a\x3b"))
	f.Fuzz(func(t *testing.T, data []byte) {
		p := FromBytes(data, nil)
		check(t, 0, p)
		if !slices.Equal(p.Insns, FromBytes(data, nil).Insns) {
			t.Error("the same bytes give two programs")
		}
	})
}
