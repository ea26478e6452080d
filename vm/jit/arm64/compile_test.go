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
