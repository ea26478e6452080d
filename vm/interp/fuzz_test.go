package interp_test

import (
	"encoding/binary"
	"testing"

	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/internal/mem"
	"github.com/skepbpf/skep/isa"
	"github.com/skepbpf/skep/vm"
	"github.com/skepbpf/skep/vm/interp"
)

// FuzzUnverified runs any bytes behind the unverified door: a run ends with a
// result or an error, and nothing outside of its memory changes.
func FuzzUnverified(f *testing.F) {
	exit := isa.New(isa.ExitOp, 0, 0, 0, 0)
	for _, insns := range [][]isa.Insn{
		{isa.New(isa.AluOp(isa.ClassAlu64, isa.Mov, isa.SrcK), 0, 0, 0, 1), exit},
		{isa.New(isa.MemOp(isa.ClassLdx, isa.ModeMem, isa.SizeDW), 0, 1, 8, 0), exit},
		{isa.New(isa.MemOp(isa.ClassStx, isa.ModeMem, isa.SizeDW), 10, 1, -8, 0), exit},
		{isa.New(isa.MemOp(isa.ClassStx, isa.ModeAtomic, isa.SizeDW), 1, 2, 8, 0xf1), exit},
		{isa.New(isa.CallOp, 0, isa.CallLocal, 0, -1), exit},
		{isa.New(isa.AluOp(isa.ClassJmp, isa.Code(isa.JA), isa.SrcK), 0, 0, -1, 0), exit},
		{isa.New(isa.CallOp, 0, 0, 0, 5), isa.New(0x8d, 2, 0, 0, 0), exit},
	} {
		f.Add(isa.Encode(insns, binary.LittleEndian), []byte("0123456789abcdef"))
	}
	rt := newRuntime(f, 1)
	helpers := &vm.Helpers{ByID: make([]vm.HelperFunc, 6)}
	helpers.ByID[5] = func(*vm.Context, uint64, uint64, uint64, uint64, uint64) uint64 { return 7 }
	f.Fuzz(func(t *testing.T, program, memory []byte) {
		insns, err := isa.Decode(program, binary.LittleEndian)
		if err != nil || len(memory) > 1024 {
			return
		}
		p, err := interp.NewUnverified(&image.Program{Insns: insns}, &interp.UnverifiedOptions{Helpers: helpers, CtxSize: len(memory)})
		if err != nil {
			return
		}
		m, err := mem.Alloc(4096)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = mem.Free(m) }()
		const at = 1024
		copy(m[at:], memory)
		r, err := rt.Runner(t.Context(), &vm.RunOptions{Budget: 10_000})
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		_, _ = r.Run(p, mem.AddrOf(m)+at)
		for i, b := range m {
			if b != 0 && (i < at || i >= at+len(memory)) {
				t.Fatalf("byte %d beside the memory became %#x", i-at, b)
			}
		}
	})
}
