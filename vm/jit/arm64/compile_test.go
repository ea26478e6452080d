package arm64

import (
	"testing"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/vm/ir"
	"github.com/skepbpf/skep/vm/jit/emit"
)

// TestEveryOperationHasCode compiles each operation by itself, those that only
// the optimiser makes included: whoever adds one adds it for all machines.
func TestEveryOperationHasCode(t *testing.T) {
	t.Parallel()
	for _, group := range [][2]ir.Op{
		{ir.Add64K, ir.Swap64}, {ir.JA, ir.JSLe32X}, {ir.LdU8, ir.St64X}, {ir.AtomicAdd32, ir.StoreRel64},
		{ir.Call, ir.CallLocal}, {ir.TailCall, ir.Throw}, {ir.Spend, ir.NumOps - 1},
	} {
		for op := group[0]; op <= group[1]; op++ {
			for _, o := range []emit.Options{{}, {Off: emit.OptAll}, {Features: HasLSE}} {
				p := &ir.Program{
					Insns:     []ir.Insn{{Op: op, Dst: 1, Src: 2, Index: 3, Imm: 0}, {Op: ir.Exit}},
					Funcs:     []ir.Func{{End: 2, StackDepth: 8, Cost: 2}},
					Callees:   []ir.Callee{{Helper: abi.KtimeGetNS}},
					Maps:      []ir.MapLayout{{Kind: ir.MapArray, Stride: 8, MaxEntries: 5}},
					Exception: -1,
				}
				if op.IsJump() {
					p.Insns[0].Off = 1
				}
				if _, err := Compile(p, o); err != nil {
					t.Error(err)
				}
			}
		}
	}
}

// TestNobodyTouchesGosRegisters demands that registers in use are neither the
// system's nor Go's, and those of BPF nothing else.
func TestNobodyTouchesGosRegisters(t *testing.T) {
	t.Parallel()
	for _, r := range append(regs[:11], block, fuel, goSP, goLR, tmp, tmp2, tmp3, status, hashReg, bucketReg, seqReg,
		wordReg, elemReg, leafTmp, leafTmp2, lockReg, trieLow, trieHigh, trieLen, trieNode, nodeLen, nodeDiff, nodeTmp,
		ringEnd, ringData, ringSlot, ringAt, ringPending, ringTmp, sumPlus, sumMinus, sumAt, sumLeft) {
		if r == x18 || r == x28 || r == x29 || r >= sp {
			t.Errorf("x%d has a use", r)
		}
	}
	for i, a := range regs[:11] {
		for _, b := range []reg{block, fuel, goSP, goLR, tmp, tmp2, tmp3, status} {
			if a == b {
				t.Errorf("r%d is x%d, which has another use", i, b)
			}
		}
	}
}

// TestJumpsByABit wants one instruction for them where they reach, and others
// where they do not.
func TestJumpsByABit(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		in   ir.Insn
		want func(e *encoder)
	}{
		{"a bit", ir.Insn{Op: ir.JSet64K, Dst: 1, Imm: 1 << 40}, func(e *encoder) { e.U32(0x3700_0000 | 1<<31 | 8<<19 | 1<<5 | 1) }},
		{"less than zero", ir.Insn{Op: ir.JSLt32K, Dst: 1}, func(e *encoder) { e.U32(0x3700_0000 | 31<<19 | 1<<5 | 1) }},
		{"not less than zero", ir.Insn{Op: ir.JSGe64K, Dst: 1}, func(e *encoder) { e.U32(0x3600_0000 | 1<<31 | 31<<19 | 1<<5 | 1) }},
	} {
		c.in.Off = 1
		want := assembled(t, c.want)[0]
		if got := body(t, 0, c.in); len(got) != 1 || got[0] != want {
			t.Errorf("%s: %v, want %s", c.name, got, want)
		}
		// So many divisions are more code than such jumps reach, though the
		// program is short.
		insns := []ir.Insn{c.in}
		for range 1900 {
			insns = append(insns, ir.Insn{Op: ir.Mod64K, Dst: 2, Imm: 1000003})
		}
		insns[0].Off = int32(len(insns))
		got := body(t, 0, insns...)
		if len(got)*4 < 1<<15 {
			t.Errorf("%d instructions are too few", len(got))
		}
		if got[0] == want || len(got)%1900 != 2 {
			t.Errorf("%s, far away: %v and %d others", c.name, got[0], len(got)-1)
		}
	}
}
