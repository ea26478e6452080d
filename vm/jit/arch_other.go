//go:build !amd64 && !arm64

package jit

import (
	"runtime"

	"github.com/skepbpf/skep/internal/execmem"
	"github.com/skepbpf/skep/vm"
	"github.com/skepbpf/skep/vm/ir"
	"github.com/skepbpf/skep/vm/jit/emit"
)

// errArch is the error of machines that there is no generator for.
var errArch = &vm.UnsupportedError{What: "machine code for " + runtime.GOARCH}

func compile(*ir.Program, emit.Options) (*emit.Output, error) { return nil, errArch }

// startStub is -1: there is no code for vm.Starter.
func startStub(*emit.Output, int) int32 { return -1 }

func stubs() (*emit.Output, error) { return nil, errArch }

func features() uint64 { return 0 }

func lacks(uint64) emit.Opt { return 0 }

func enter(_, _ uintptr) {}

func useOnce(*execmem.Arena) error { return errArch }
