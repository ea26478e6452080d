//go:build !amd64

package jit

import (
	"runtime"

	"github.com/skepbpf/skep/vm/ir"
	"github.com/skepbpf/skep/vm/jit/emit"
)

func compile(*ir.Program, emit.Options) (*emit.Output, error) {
	return nil, unsupported(runtime.GOARCH)
}

func stubs() (*emit.Output, error) { return nil, unsupported(runtime.GOARCH) }

func features() uint64 { return 0 }

func enter(_, _ uintptr) {}
