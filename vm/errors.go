package vm

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/image"
)

// ErrNotSupported is what every *UnsupportedError matches.
var ErrNotSupported = errors.New("not supported")

// UnsupportedError says what a load needs and skep has not.
type UnsupportedError struct {
	What  string      // "helper bpf_sk_lookup_tcp"
	Since abi.Release // of Linux, 0 if it does not matter
}

// Error names what is missing.
func (e *UnsupportedError) Error() string {
	if e.Since != 0 {
		return fmt.Sprintf("%s (Linux %d.%d) is not supported", e.What, e.Since>>8, e.Since&0xff)
	}
	return e.What + " is not supported"
}

// Is makes errors.Is(err, ErrNotSupported) true.
func (e *UnsupportedError) Is(target error) bool { return target == ErrNotSupported }

// ErrBudget ends a run that used up its instruction budget.
var ErrBudget = errors.New("instruction budget used up")

// ErrClosed is that a program was closed before the run. It is os.ErrClosed.
var ErrClosed = fs.ErrClosed

// ErrNested ends a run that would be nested deeper than four.
var ErrNested = errors.New("runs nested too deep")

// FaultKind says what went wrong at run time.
type FaultKind uint8

// The kinds of faults.
const (
	FaultRead   FaultKind = iota + 1 // load outside of what the program may read
	FaultWrite                       // store outside of what the program may write
	FaultAtomic                      // atomic on an address that is not aligned
	FaultStack                       // calls deeper than the stack
	FaultInsn                        // instruction that cannot be run
	FaultArg                         // helper argument that breaks its prototype
	FaultHelper                      // helper that does not exist
)

var faultNames = [...]string{
	FaultRead: "bad read", FaultWrite: "bad write", FaultAtomic: "unaligned atomic",
	FaultStack: "stack overflow", FaultInsn: "bad instruction", FaultArg: "bad helper argument",
	FaultHelper: "no such helper",
}

// String names the kind.
func (k FaultKind) String() string { return faultNames[k] }

// Fault is the end of a run that did what it must not. In a verified program
// it is a bug of skep.
type Fault struct {
	Kind FaultKind
	Insn int    // slot in the image
	Addr uint64 // address of an access; argument or helper number
	Size int    // bytes of an access; number of the argument
	// Verified is set if the verifier had accepted the program.
	Verified bool
	Source   *image.Line // of Insn, nil if it is not known
}

// Locate says that a fault of p happened at a slot.
func (p *Program) Locate(f *Fault, slot int) {
	f.Insn = slot
	if slot >= 0 {
		f.Source = p.img.LineAt(slot)
	}
}

// Error describes the fault.
func (f *Fault) Error() string {
	s := fmt.Sprintf("insn %d: %s", f.Insn, f.Kind)
	switch f.Kind {
	case FaultRead, FaultWrite, FaultAtomic:
		if f.Size != 0 {
			s += fmt.Sprintf(" of %d bytes", f.Size)
		}
		s += fmt.Sprintf(" at %#x", f.Addr)
	case FaultArg:
		s += fmt.Sprintf(": r%d = %#x", f.Size, f.Addr)
	case FaultHelper:
		s += fmt.Sprintf(" %d", f.Addr)
	}
	if l := f.Source; l != nil {
		s += fmt.Sprintf(" (%s:%d: %s)", l.File, l.Line, strings.TrimSpace(l.Text))
	}
	if f.Verified {
		s += "; the verifier had accepted the program: this is a bug of skep, please report it"
	}
	return s
}
