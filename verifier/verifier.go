package verifier

import (
	"context"
	"time"

	"github.com/cilium/ebpf/btf"

	"github.com/skepbpf/skep/image"
)

// Trust is whose rules apply.
type Trust uint8

// The trust levels.
const (
	// Kernel is root's view: all capabilities. It is the reference verdict.
	Kernel Trust = iota
	// Sandbox has the rules of an unprivileged user.
	Sandbox
)

// Options change how a program is verified. The zero value and nil mean the
// reference verdict.
type Options struct {
	Trust Trust
	// KernelTypes is the BTF of the kernel that the program is meant for, nil
	// for none.
	KernelTypes *btf.Spec
	// LogLevel is the kernel's: 1 prints the paths, 2 the states too, 4 only
	// statistics. 0 keeps no log.
	LogLevel uint32
	// CPUs is the number of possible CPUs that the target has, 0 for 2.
	CPUs int
	// MaxInsns limits the instructions processed, 0 for Linux's 1,000,000.
	MaxInsns int
}

// Stats are the figures of one verification, as in veristat.
type Stats struct {
	Insns         int // instructions processed
	States        int // states kept, in total
	PeakStates    int
	MaxStatesInsn int // most states kept at one instruction
	StackDepth    int // bytes, of the deepest call chain
	Time          time.Duration
}

// Program is a verified program. Only Verify makes one.
type Program struct {
	img   *image.Program
	stats Stats
	log   string
	facts []Fact
}

// Image is the program as it was given to Verify. It must not be changed.
func (p *Program) Image() *image.Program { return p.img }

// Stats are the verification's figures.
func (p *Program) Stats() Stats { return p.stats }

// Log is the verifier's log, "" at LogLevel 0.
func (p *Program) Log() string { return p.log }

// Fact is what was proven of the instruction at slot, on every path.
func (p *Program) Fact(slot int) Fact { return p.facts[slot] }

// Verify proves p or returns an *Error that says why it cannot.
func Verify(ctx context.Context, p *image.Program, opts *Options) (*Program, error) {
	panic("BUG: no verifier")
}
