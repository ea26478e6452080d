package jit

import (
	"golang.org/x/sys/cpu"

	"github.com/skepbpf/skep/vm/ir"
	"github.com/skepbpf/skep/vm/jit/amd64"
	"github.com/skepbpf/skep/vm/jit/emit"
)

func compile(p *ir.Program, o emit.Options) (*emit.Output, error) { return amd64.Compile(p, o) }

func stubs() (*emit.Output, error) { return amd64.Stubs(), nil }

func features() (f uint64) {
	if cpu.X86.HasBMI2 {
		f |= amd64.HasBMI2
	}
	return f
}
