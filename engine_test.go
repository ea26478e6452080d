package skep_test

import (
	"errors"
	"testing"

	"github.com/skepbpf/skep"
)

const nothing = ".program main section=socket\n r0 = 7\n exit\n"

// TestDefaultEngineIsTheBest demands the JIT of a Runtime that names no engine,
// on machines that have one, and the interpreter's answer elsewhere.
func TestDefaultEngineIsTheBest(t *testing.T) {
	t.Parallel()
	best := "jit"
	if rt, err := skep.NewRuntime(&skep.RuntimeOptions{Engine: skep.EngineJIT, CPUs: 1}); err == nil {
		rt.Close()
	} else if !errors.Is(err, skep.ErrNotSupported) {
		t.Fatal(err)
	} else {
		best = "interp"
	}
	for _, c := range []struct {
		opts skep.RuntimeOptions
		want string
	}{
		{skep.RuntimeOptions{}, best},
		{skep.RuntimeOptions{NoSignals: true}, best},
		{skep.RuntimeOptions{Engine: skep.EngineInterp}, "interp"},
	} {
		c.opts.CPUs = 1
		rt, err := skep.NewRuntime(&c.opts)
		if err != nil {
			t.Fatal(err)
		}
		coll := loadText(t, nothing, &skep.CollectionOptions{Backend: rt})
		p := coll.Programs["main"]
		info, err := p.Info()
		if err != nil || info.Engine != c.want {
			t.Errorf("%+v: engine %s, want %s: %v", c.opts, info.Engine, c.want, err)
		}
		if r0, _, err := p.Test(make([]byte, 14)); r0 != 7 || err != nil {
			t.Errorf("%+v: r0 = %d, %v", c.opts, r0, err)
		}
		coll.Close()
		if err := rt.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, err := skep.NewRuntime(&skep.RuntimeOptions{Engine: "llvm"}); err == nil {
		t.Error("an engine that there is not was made")
	}
}
