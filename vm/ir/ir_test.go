package ir

import "testing"

func TestFormsOfOperations(t *testing.T) {
	t.Parallel()
	for _, base := range []Op{
		Add64K, Sub64K, Mul64K, Div64K, SDiv64K, Mod64K, SMod64K, Or64K, And64K, Xor64K, Lsh64K, Rsh64K, Arsh64K, Mov64K,
		JEq64K, JNe64K, JGt64K, JGe64K, JLt64K, JLe64K, JSet64K, JSGt64K, JSGe64K, JSLt64K, JSLe64K,
	} {
		for i, f := range []struct{ k, is32 bool }{{true, false}, {false, false}, {true, true}, {false, true}} {
			op := base + Op(i)
			if op.Base() != base || op.IsK() != f.k || op.Is32() != f.is32 {
				t.Errorf("op %d: base %d, K %v, 32 bits %v", op, op.Base(), op.IsK(), op.Is32())
			}
		}
	}
}

// TestGroupsDoNotOverlap checks the gaps between the groups of operations.
func TestGroupsDoNotOverlap(t *testing.T) {
	t.Parallel()
	for _, g := range []struct{ last, next Op }{
		{Swap64, JA}, {JSLe32X, LdU8}, {St64X, AtomicAdd32}, {StoreRel64, Call},
	} {
		if g.last >= g.next {
			t.Errorf("op %d reaches into the group that begins at %d", g.last, g.next)
		}
	}
	for _, op := range []Op{JA, JEq64K, JSLe32X, MayGoto} {
		if !op.IsJump() {
			t.Errorf("op %d is no jump", op)
		}
	}
	for _, op := range []Op{Swap64, LdU8, Call, CallLocal, Exit, TailCall} {
		if op.IsJump() {
			t.Errorf("op %d is a jump", op)
		}
	}
}

func TestFieldsOfTheXDPContext(t *testing.T) {
	t.Parallel()
	l := CtxOf(6) // XDP
	for off := range 24 {
		f := l.Field(off)
		if f == nil || int(f.Off) != off&^3 {
			t.Errorf("offset %d: %+v", off, f)
		}
	}
	if l.Field(24) != nil {
		t.Error("a field lies behind the context")
	}
}

func TestCallbacksAreTagged(t *testing.T) {
	t.Parallel()
	if fn, ok := Callback(CallbackTag | 5); fn != 5 || !ok {
		t.Errorf("%d, %v", fn, ok)
	}
	for _, a := range []uint64{0, 5, CallbackTag >> 1, ^uint64(0)} {
		if _, ok := Callback(a); ok {
			t.Errorf("%#x is taken for a callback", a)
		}
	}
}

func TestFunctionOfAnInstruction(t *testing.T) {
	t.Parallel()
	p := &Program{Funcs: []Func{{Start: 0, End: 3}, {Start: 3, End: 4}, {Start: 4, End: 9}}}
	for i, want := range []int{0, 0, 0, 1, 2, 2} {
		if fn := p.FuncAt(i); fn != want {
			t.Errorf("instruction %d: function %d, want %d", i, fn, want)
		}
	}
}
