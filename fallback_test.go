package skep

import (
	"errors"
	"testing"

	"github.com/skepbpf/skep/asm"
	"github.com/skepbpf/skep/vm"
	"github.com/skepbpf/skep/vm/jit"
)

// failing is an engine that takes no program.
type failing struct{ err error }

func (failing) Name() string { return "failing" }

func (f failing) Compile(*vm.Program) (vm.Code, error) { return nil, f.err }

// TestProgramsFallBackOneByOne gives a Runtime an engine that cannot take a
// program: the interpreter does, unless the engine was named, or broke.
func TestProgramsFallBackOneByOne(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	for _, c := range []struct {
		name  string
		err   error
		named bool
		want  error // nil where the interpreter takes over
	}{
		{"no room", jit.ErrFull, false, nil},
		{"an instruction without code", &vm.UnsupportedError{What: "this"}, false, nil},
		{"a bug", broken, false, broken},
		{"an engine that was named", jit.ErrFull, true, jit.ErrFull},
	} {
		rt, err := NewRuntime(&RuntimeOptions{CPUs: 1})
		if err != nil {
			t.Fatal(err)
		}
		rt.engine, rt.named = failing{c.err}, c.named
		img, err := asm.Parse("text", []byte(".program p section=socket\n r0 = 3\n exit\n"))
		if err != nil {
			t.Fatal(err)
		}
		coll, err := NewCollectionWithOptions(NewCollectionSpec(img), CollectionOptions{Backend: rt})
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
		if err == nil {
			info, err := coll.Programs["p"].Info()
			r0, _, terr := coll.Programs["p"].Test(make([]byte, 14))
			if err != nil || terr != nil || info.Engine != "interp" || r0 != 3 {
				t.Errorf("%s: engine %s, r0 = %d: %v, %v", c.name, info.Engine, r0, err, terr)
			}
			coll.Close()
		}
		if err := rt.Close(); err != nil {
			t.Error(err)
		}
	}
}
