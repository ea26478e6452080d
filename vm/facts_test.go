package vm_test

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/skepbpf/skep/vm/ir"
	"github.com/skepbpf/skep/vm/jit/emit"
	"github.com/skepbpf/skep/vm/jit/opt"
)

// proven are programs that what the verifier knows makes shorter. Each is run
// with random numbers in its context.
var proven = []struct {
	name string
	prog string // its maps are those of provenMaps
	gone func(in *ir.Insn) bool
	made func(in *ir.Insn) bool
	need emit.Opt
}{
	{
		name: "a lookup of a constant key is a constant, and its key is not stored", need: emit.OptElement,
		prog: `
    r1 = 3
    *(u32 *)(r10 -4) = r1
    r1 = map[array] ll
    r2 = r10
    r2 += -4
    call bpf_map_lookup_elem
    if r0 == 0 goto out
    r0 = *(u64 *)(r0 +0)
    exit
out:
    r0 = 77
    exit`,
		gone: func(in *ir.Insn) bool { return in.Op == ir.Call || in.Op.IsJump() || in.Dst == 10 },
		made: func(in *ir.Insn) bool { return in.Op == ir.LdU64 },
	},
	{
		name: "a lookup of a bounded key is an element without a test", need: emit.OptElement,
		prog: `
    r1 = *(u64 *)(r1 +0)
    r1 &= 7
    *(u32 *)(r10 -4) = r1
    r2 = r10
    r2 += -4
    r1 = map[array] ll
    call bpf_map_lookup_elem
    if r0 == 0 goto out
    r1 = *(u64 *)(r0 +0)
    r1 += 1
    *(u64 *)(r0 +0) = r1
    r0 = r1
    exit
out:
    r0 = 77
    exit`,
		gone: func(in *ir.Insn) bool { return in.Op == ir.Call || in.Op.IsJump() || in.Dst == 10 },
		made: func(in *ir.Insn) bool { return in.Op == ir.Elem && in.Flags&ir.InBounds != 0 },
	},
	{
		name: "a lookup of any key in a register is an element, and its key is read from there", need: emit.OptElement,
		prog: `
    r6 = *(u64 *)(r1 +0)
    r6 >>= 59
    *(u64 *)(r10 -8) = r6
    r2 = r10
    r2 += -8
    r1 = map[array] ll
    call bpf_map_lookup_elem
    if r0 != 0 goto there
    r0 = 77
    exit
there:
    r0 = *(u64 *)(r0 +0)
    r0 += r6
    exit`,
		gone: func(in *ir.Insn) bool { return in.Op == ir.Call || in.Dst == 10 },
		made: func(in *ir.Insn) bool { return in.Op == ir.Elem && in.Flags&ir.InBounds == 0 },
	},
	{
		name: "each CPU's element is found by a constant", need: emit.OptElement,
		prog: `
    r6 = 1
    *(u32 *)(r10 -4) = r6
    r1 = map[percpu] ll
    r2 = r10
    r2 += -4
    call bpf_map_lookup_elem
    if r0 == 0 goto out
    r1 = 5
    *(u64 *)(r0 +8) = r1
    r0 = *(u32 *)(r0 +8)
    exit
out:
    r0 = 77
    exit`,
		gone: func(in *ir.Insn) bool { return in.Op == ir.Call || in.Op.IsJump() },
		made: func(in *ir.Insn) bool { return in.Op == ir.ElemK },
	},
	{
		name: "a key that is read again is stored", need: 0,
		prog: `
    r6 = *(u64 *)(r1 +0)
    *(u32 *)(r10 -4) = r6
    r2 = r10
    r2 += -4
    r1 = map[array] ll
    call bpf_map_lookup_elem
    r1 = *(u16 *)(r10 -4)
    if r0 == 0 goto out
    r0 = *(u64 *)(r0 +0)
out:
    r0 += r1
    exit`,
		made: func(in *ir.Insn) bool { return in.Op == ir.St32X && in.Dst == 10 },
	},
	{
		name: "a key that is changed behind its store is looked up from memory", need: 0,
		prog: `
    r6 = *(u64 *)(r1 +0)
    r6 &= 7
    *(u32 *)(r10 -4) = r6
    r3 = *(u64 *)(r1 +8)
    r3 &= 1
    *(u8 *)(r10 -4) = r3
    r2 = r10
    r2 += -4
    r1 = map[array] ll
    call bpf_map_lookup_elem
    if r0 == 0 goto out
    r0 = *(u64 *)(r0 +0)
    exit
out:
    r0 = 77
    exit`,
		made: func(in *ir.Insn) bool { return in.Op == ir.Elem && in.Flags&ir.InBounds == 0 },
	},
	{
		name: "a key that is stored once is in a register for lookups in many blocks", need: emit.OptElement,
		prog: `
    r6 = *(u64 *)(r1 +0)
    r6 &= 1
    *(u32 *)(r10 -4) = r6
    r2 = r10
    r2 += -4
    r1 = map[array] ll
    call bpf_map_lookup_elem
    if r0 == 0 goto out
    r7 = *(u64 *)(r0 +0)
    if r7 == 1 goto out
    r2 = r10
    r2 += -4
    r1 = map[percpu] ll
    call bpf_map_lookup_elem
    if r0 == 0 goto out
    r0 = *(u64 *)(r0 +0)
    r0 += r7
    exit
out:
    r0 = 77
    exit`,
		gone: func(in *ir.Insn) bool { return in.Op == ir.Call || in.Dst == 10 || in.Op == ir.LdU32 },
		made: func(in *ir.Insn) bool { return in.Op == ir.Elem && in.Flags&ir.InBounds != 0 },
	},
	{
		name: "an inner map is found by a register", need: emit.OptElement,
		prog: `
    r6 = *(u64 *)(r1 +0)
    w6 &= 3
    *(u32 *)(r10 -4) = r6
    r2 = r10
    r2 += -4
    r1 = map[outer] ll
    call bpf_map_lookup_elem
    if r0 == 0 goto out
    r1 = r0
    r2 = r10
    r2 += -4
    call bpf_map_lookup_elem
    if r0 == 0 goto out
    r0 = *(u64 *)(r0 +0)
    exit
out:
    r0 = 77
    exit`,
		made: func(in *ir.Insn) bool { return in.Op == ir.Elem },
	},
	{
		name: "what configuration forbids is no code", need: emit.OptFacts,
		prog: `
    r2 = map[.rodata][4] ll
    r2 = *(u32 *)(r2 +0)
    r0 = *(u64 *)(r1 +0)
    if r2 != 9 goto other
    r3 = *(u64 *)(r1 +8)
    r0 /= r2
    r0 += r3
    exit
other:
    r0 ^= 12345
    exit`,
		gone: func(in *ir.Insn) bool { return in.Op.IsJump() || in.Op == ir.LdU32 || in.Op == ir.Div64X },
		made: func(in *ir.Insn) bool { return in.Op == ir.Div64K && in.Imm == 9 },
	},
	{
		name: "numbers of 32 bits are divided as such", need: emit.OptUpper,
		prog: `
    r2 = *(u32 *)(r1 +0)
    r3 = *(u32 *)(r1 +8)
    r2 /= r3
    r0 = r2
    exit`,
		gone: func(in *ir.Insn) bool { return in.Op == ir.Div64X },
		made: func(in *ir.Insn) bool { return in.Op == ir.Div32X },
	},
	{
		name: "an upper half that nobody reads is not cleared", need: emit.OptUpper,
		prog: `
    r2 = *(u64 *)(r1 +0)
    w2 = w2
    if w2 > 5 goto out
    r2 += 1
out:
    *(u32 *)(r1 +16) = r2
    r0 = 0
    exit`,
		gone: func(in *ir.Insn) bool { return in.Op == ir.Mov32X && in.Src == in.Dst },
		made: func(in *ir.Insn) bool { return in.Op == ir.Add32K },
	},
	{
		name: "a store to the frame that nobody reads is none", need: emit.OptDead,
		prog: `
    r2 = *(u64 *)(r1 +0)
    *(u64 *)(r10 -16) = r2
    *(u64 *)(r10 -8) = r2
    r0 = *(u32 *)(r10 -12)
    exit`,
		gone: func(in *ir.Insn) bool { return in.Op == ir.St64X && in.Off == -8 },
		made: func(in *ir.Insn) bool { return in.Op == ir.Exit },
	},
}

const provenMaps = `
.map array array key=4 value=16 entries=8
.elem array u32 0 = u64 1 u64 2
.elem array u32 3 = u64 0x0807060504030211 u64 9
.map percpu percpu_array key=4 value=16 entries=2
.map .rodata array key=4 value=16 entries=1 section=.rodata flags=rdonly_prog frozen
.elem .rodata u32 0 = u32 0x04030201 u32 9 u64 0
.map inner array key=4 value=8 entries=4
.map outer array_of_maps key=4 value=4 entries=3 inner=inner
.elem outer u32 1 = map inner
.program main section=syscall flags=sleepable
`

// TestWhatIsProvenMakesProgramsShorter runs each program of the table on the
// interpreter and as machine code, and looks for what must be gone or made.
func TestWhatIsProvenMakesProgramsShorter(t *testing.T) {
	t.Parallel()
	for _, c := range proven {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			src := provenMaps + strings.TrimPrefix(c.prog, "\n")
			var outcomes []string
			for _, engine := range []string{"verified", "jit verified"} {
				w := newWorld(t, engine, c.name, []byte(src), bufSize)
				outcomes = append(outcomes, provenRuns(t, w))
				low := w.progs["main"].Lowered()
				insns := opt.Optimize(low, emit.Options{}).Insns
				if c.gone != nil && slices.ContainsFunc(insns, func(in ir.Insn) bool { return c.gone(&in) }) {
					t.Errorf("something is there that should be gone: %+v", insns)
				}
				if !slices.ContainsFunc(insns, func(in ir.Insn) bool { return c.made(&in) }) {
					t.Errorf("something is not there: %+v", insns)
				}
				if c.need == 0 {
					continue
				}
				all := emit.OptElement | emit.OptFacts | emit.OptUpper | emit.OptDead
				without := opt.Optimize(low, emit.Options{Off: all}).Insns
				if len(without) <= len(insns) && slices.EqualFunc(without, insns, func(a, b ir.Insn) bool { return a.Op == b.Op }) {
					t.Error("the optimisations make no difference")
				}
			}
			if outcomes[0] != outcomes[1] {
				t.Errorf("the engines disagree\ninterp %s\njit    %s", outcomes[0], outcomes[1])
			}
		})
	}
}

// provenRuns is what some runs of main give.
func provenRuns(t *testing.T, w *world) string {
	t.Helper()
	r := rand.New(rand.NewPCG(4, 5))
	var out strings.Builder
	for n := range 40 {
		a, b := memory(t, bufSize)
		for i := 0; i < bufSize; i += 8 {
			v := operand(r)
			if n%2 == 0 {
				v = r.Uint64()
			}
			binary.LittleEndian.PutUint64(b[i:], v)
		}
		fmt.Fprintf(&out, "%#x %x; ", run(t, w, w.progs["main"], a), b[:32])
	}
	return out.String()
}
