package difftest

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/vm/jit"
	"github.com/skepbpf/skep/vm/jit/emit"
)

// blame names the optimisations without which the engines agree on a program.
func blame(t *testing.T, ctx context.Context, img *image.Program, opts *Options) string {
	t.Helper()
	var guilty []string
	for bit := emit.Opt(1); bit <= emit.OptAll; bit <<= 1 {
		e, err := jit.New(&jit.Options{Off: bit})
		if err != nil {
			return err.Error()
		}
		if Agree(ctx, img, []NamedEngine{{"jit", e}}, opts, new(EngineTally)) == nil {
			guilty = append(guilty, fmt.Sprintf("%#x", uint32(bit)))
		}
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	}
	if guilty == nil {
		return "no optimisation by itself"
	}
	return "agrees without one of these optimisations: " + strings.Join(guilty, ", ")
}
