package jit

import (
	"golang.org/x/sys/cpu"

	"github.com/skepbpf/skep/internal/execmem"
	"github.com/skepbpf/skep/vm/ir"
	"github.com/skepbpf/skep/vm/jit/amd64"
	"github.com/skepbpf/skep/vm/jit/emit"
)

func compile(p *ir.Program, o emit.Options) (*emit.Output, error) { return amd64.Compile(p, o) }

// startStub appends the code for vm.Starter to a program of so many arguments and
// is its offset.
func startStub(out *emit.Output, args int) int32 { return amd64.StartStub(out, args) }

func stubs() (*emit.Output, error) { return amd64.Stubs(), nil }

// handlerCode is a signal handler that goes before another one.
func handlerCode(lo, hi, fault, before uint64) []byte { return amd64.Handler(lo, hi, fault, before) }

func features() (f uint64) {
	if cpu.X86.HasBMI2 {
		f |= amd64.HasBMI2
	}
	if cpu.X86.HasPOPCNT {
		f |= amd64.HasPOPCNT
	}
	// Intel's since Ice Lake and AMD's since Zen 4 have both; others lose little.
	if cpu.X86.HasAVX512VBMI2 {
		f |= amd64.HasFastDivide
	}
	return f
}

// lacks are the optimisations that make what a machine with f does not have.
func lacks(f uint64) emit.Opt { return amd64.Lacks(f) }

// useOnce has nothing to do: the machine runs what is there.
func useOnce(*execmem.Arena) error { return nil }
