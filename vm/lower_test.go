package vm

import (
	"testing"

	"github.com/skepbpf/skep/asm"
	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/isa"
	"github.com/skepbpf/skep/verifier"
	"github.com/skepbpf/skep/vm/ir"
)

// proof is a table of facts, in place of a verification.
type proof map[int]verifier.Fact

func (p proof) Fact(slot int) verifier.Fact { return p[slot] }

// Funcs knows of no function.
func (proof) Funcs() []verifier.Func { return nil }

// depths is a proof that knows how deep functions' stacks are.
type depths struct {
	proof
	funcs []verifier.Func
}

func (d depths) Funcs() []verifier.Func { return d.funcs }

// proveAll says that every slot of img is reached and that slots of at are
// context accesses at their own offset.
func proveAll(img *image.Program, at ...int) proof {
	p := proof{}
	for i := range img.Insns {
		p[i] = verifier.Fact{Reached: true, ZExt32: true}
	}
	for _, slot := range at {
		p[slot] = verifier.Fact{Reached: true, Mem: verifier.KindCtx, CtxOff: img.Insns[slot].Off}
	}
	return p
}

func parse(t *testing.T, text string) *image.Program {
	t.Helper()
	c, err := asm.Parse("test", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return c.Programs[0]
}

func mustLower(t *testing.T, img *image.Program, p facts) *ir.Program {
	t.Helper()
	low, err := lowerImage(img, p, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return low
}

func TestContextAccessesBecomeNativeOnes(t *testing.T) {
	t.Parallel()
	img := parse(t, `.program p section=xdp
    r2 = *(u32 *)(r1 +0)
    r3 = *(u32 *)(r1 +4)
    r4 = *(u32 *)(r1 +8)
    r5 = *(u32 *)(r1 +12)
    r5 = *(u8 *)(r1 +17)
    r5 = *(u16 *)(r1 +22)
    r0 = 0
    exit`)
	low := mustLower(t, img, proveAll(img, 0, 1, 2, 3, 4, 5))
	want := []struct {
		op  ir.Op
		off int32
	}{
		{ir.LdU64, ir.XDPData}, {ir.LdU64, ir.XDPDataEnd}, {ir.LdU64, ir.XDPDataMeta},
		{ir.LdU32, ir.XDPIngress}, {ir.LdU8, ir.XDPRxQueue + 1}, {ir.LdU16, ir.XDPEgress + 2},
	}
	for i, w := range want {
		if in := low.Insns[i]; in.Op != w.op || in.Off != w.off {
			t.Errorf("slot %d: op %d at %d, want op %d at %d", i, in.Op, in.Off, w.op, w.off)
		}
	}
}

func TestHalfAnAddressIsRefused(t *testing.T) {
	t.Parallel()
	for _, access := range []string{"r2 = *(u16 *)(r1 +0)", "r2 = *(u8 *)(r1 +5)", "*(u32 *)(r1 +0) = 1", "r2 = *(u32 *)(r1 +24)"} {
		img := parse(t, ".program p section=xdp\n    "+access+"\n    r0 = 0\n    exit")
		if _, err := lowerImage(img, proveAll(img, 0), nil, nil); err == nil {
			t.Errorf("%s was lowered", access)
		}
	}
}

func TestCodeThatIsNeverReachedIsGone(t *testing.T) {
	t.Parallel()
	img := parse(t, `.program p section=xdp
    r0 = 0
    if r0 == 0 goto taken
    r0 = 1
    r0 = 2
taken:
    if r0 == 1 goto never
    exit
never:
    r0 = 3
    exit`)
	p := proveAll(img)
	for _, dead := range []int{2, 3, 6, 7} {
		p[dead] = verifier.Fact{}
	}
	low := mustLower(t, img, p)
	var ops []ir.Op
	for _, in := range low.Insns {
		ops = append(ops, in.Op)
	}
	want := []ir.Op{ir.Mov64K, ir.JA, ir.Exit}
	if len(ops) != len(want) {
		t.Fatalf("ops %v, want %v", ops, want)
	}
	for i := range ops {
		if ops[i] != want[i] {
			t.Errorf("op %d is %d, want %d", i, ops[i], want[i])
		}
	}
	if low.Insns[1].Off != 2 {
		t.Errorf("the jump leads to %d", low.Insns[1].Off)
	}
	if low.Index[0] != 0 || low.Index[2] != -1 || low.Index[5] != 2 {
		t.Errorf("index %v", low.Index)
	}
}

func TestJumpsKnowTheirDirection(t *testing.T) {
	t.Parallel()
	img := parse(t, `.program p section=xdp
    r0 = 0
again:
    r0 += 1
    if r0 < 10 goto again
    if r0 == 10 goto out
    r0 = 0
out:
    exit`)
	low := mustLower(t, img, proveAll(img))
	if low.Insns[2].Flags&ir.BackEdge == 0 || low.Insns[3].Flags&ir.BackEdge != 0 {
		t.Error("the back-edge is not marked, or another is")
	}
	for i, in := range low.Insns {
		if target := i == 1 || i == 5; (in.Flags&ir.Target != 0) != target {
			t.Errorf("insn %d: target %v", i, !target)
		}
	}
}

func TestFunctionsAreConstantsAndMayGotoHasItsWord(t *testing.T) {
	t.Parallel()
	img := parse(t, `.program p section=xdp
    r1 = f ll
    call f
    exit
.func f
again:
    may_goto out
    goto again
out:
    r0 = 0
    exit`)
	low := mustLower(t, img, proveAll(img))
	if fn, ok := ir.Callback(uint64(low.Insns[0].Imm)); !ok || fn != 1 {
		t.Errorf("the address of f is %#x", low.Insns[0].Imm)
	}
	if f := low.Funcs[1]; f.MayGoto == 0 || f.StackDepth != -f.MayGoto || low.Funcs[0].MayGoto != 0 {
		t.Errorf("functions %+v", low.Funcs)
	}
	if in := low.Insns[1]; in.Op != ir.CallLocal || in.Imm != 1 || int(in.Off) != low.Funcs[1].Start {
		t.Errorf("call %+v", in)
	}
}

// TestOddProgramsAreRefused checks what must not reach an engine that trusts
// lowering.
func TestOddProgramsAreRefused(t *testing.T) {
	t.Parallel()
	ja := isa.AluOp(isa.ClassJmp, isa.Code(isa.JA), isa.SrcK)
	exit := isa.New(isa.ExitOp, 0, 0, 0, 0)
	for name, insns := range map[string][]isa.Insn{
		"nothing at all":          {},
		"no exit":                 {isa.New(isa.AluOp(isa.ClassAlu64, isa.Mov, isa.SrcK), 0, 0, 0, 1)},
		"a jump behind the end":   {isa.New(ja, 0, 0, 5, 0), exit},
		"a jump before the start": {isa.New(ja, 0, 0, -2, 0), exit},
		"a jump into a wide load": {isa.New(ja, 0, 0, 1, 0), isa.New(isa.LdImm64, 0, 0, 0, 1), {}, exit},
		"a call behind the end":   {isa.New(isa.CallOp, 0, isa.CallLocal, 0, 7), exit},
		"half a wide load":        {exit, isa.New(isa.LdImm64, 0, 0, 0, 1)},
		"a jump into another function": {
			isa.New(isa.CallOp, 0, isa.CallLocal, 0, 2), isa.New(ja, 0, 0, 2, 0), exit,
			isa.New(isa.AluOp(isa.ClassAlu64, isa.Mov, isa.SrcK), 0, 0, 0, 1), exit,
		},
		"an unknown opcode":         {{Op: 0xff}, exit},
		"an unknown map":            {isa.New(isa.LdImm64, 0, isa.PseudoMapIdx, 0, 3), {}, exit},
		"an unknown kernel symbol":  {isa.New(isa.LdImm64, 0, isa.PseudoBTFID, 0, 3), {}, exit},
		"an unknown kfunc":          {isa.New(isa.CallOp, 0, isa.CallKfunc, 0, 3), exit},
		"a map by file descriptor":  {isa.New(isa.LdImm64, 0, isa.PseudoMapFD, 0, 3), {}, exit},
		"a function that runs over": {isa.New(isa.CallOp, 0, isa.CallLocal, 0, 1), exit, isa.New(isa.AluOp(isa.ClassAlu64, isa.Mov, isa.SrcK), 0, 0, 0, 1)},
	} {
		if low, err := LowerUnverified(&image.Program{Name: "odd", Insns: insns}, nil); err == nil {
			t.Errorf("%s was lowered: %+v", name, low.Insns)
		}
	}
}

func TestFramesAreAsDeepAsProven(t *testing.T) {
	t.Parallel()
	img := parse(t, `.program p section=syscall
    call a
    call b
    call c
    exit
.func a
    *(u8 *)(r10 -13) = 0
    r0 = 0
    exit
.func b
    may_goto out
out:
    r0 = 0
    exit
.func c
    r0 = 0
    exit`)
	funcs := make([]verifier.Func, 3) // nothing is known of c
	for i, depth := range []int{0, 13, 24} {
		funcs[i] = verifier.Func{Start: img.Funcs[i].Start, Depth: depth}
	}
	low := mustLower(t, img, depths{proveAll(img), funcs})
	for i, want := range []int{0, 16, 32, frameSize} {
		if got := low.Funcs[i].StackDepth; got != want {
			t.Errorf("function %d: %d bytes, want %d", i, got, want)
		}
	}
	if at := low.Funcs[2].MayGoto; at != -32 {
		t.Errorf("the word of may_goto is at %d", at)
	}
}
