package jit

import (
	"golang.org/x/sys/cpu"

	"github.com/skepbpf/skep/internal/execmem"
	"github.com/skepbpf/skep/internal/mem"
	"github.com/skepbpf/skep/vm/ir"
	"github.com/skepbpf/skep/vm/jit/arm64"
	"github.com/skepbpf/skep/vm/jit/emit"
)

func compile(p *ir.Program, o emit.Options) (*emit.Output, error) { return arm64.Compile(p, o) }

// startStub appends the code for vm.Starter to a program of so many arguments and
// is its offset.
func startStub(out *emit.Output, args int) int32 { return arm64.StartStub(out, args) }

func stubs() (*emit.Output, error) { return arm64.Stubs(), nil }

// handlerCode is a signal handler that goes before another one.
func handlerCode(lo, hi, fault, before uint64) []byte { return arm64.Handler(lo, hi, fault, before) }

func features() (f uint64) {
	if cpu.ARM64.HasATOMICS {
		f |= arm64.HasLSE
	}
	return f
}

// lacks is none: vectors are there always.
func lacks(uint64) emit.Opt { return 0 }

// useOnce finds out whether the machine runs what is in memory or what was there
// when it last looked, and in the second case lets the arena use its memory once.
// QEMU's user emulation before 8.1 is such a machine: it keeps what it has
// translated until it sees a write by the address that is run.
func useOnce(a *execmem.Arena) error {
	m, err := mem.Alloc(ir.BlockSize)
	if err != nil {
		return err
	}
	defer func() { _ = mem.Free(m) }() // nothing else refers to it
	block := mem.AddrOf(m)
	for n := range uint16(2) {
		b, err := a.Place(arm64.Sign(n))
		if err != nil {
			return err
		}
		enter(uintptr(b.Addr()), uintptr(block))
		if *(block + ir.BlockScratch).U64() != uint64(n) {
			a.UseOnce()
		}
		b.Free()
	}
	return nil
}
