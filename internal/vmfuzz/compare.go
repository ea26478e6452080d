package vmfuzz

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/kernel"
	"github.com/skepbpf/skep/verifier"
)

// Verdict is what a verifier said of a program.
type Verdict struct {
	Accepted bool
	Errno    int    `json:",omitempty"`
	Line     string `json:",omitempty"` // the last one, of a rejection
	Insns    int    // processed
	Slot     int    `json:",omitempty"` // of skep's rejection
}

// String is the verdict in a line.
func (v Verdict) String() string {
	if v.Accepted {
		return fmt.Sprintf("accepted, %d instructions processed", v.Insns)
	}
	return fmt.Sprintf("rejected (%d): %s", v.Errno, v.Line)
}

// Kind is how two verdicts differ.
type Kind string

// The kinds, the worst first.
const (
	Same        Kind = ""
	Unsound     Kind = "skep accepts, the kernel rejects"
	FalseReject Kind = "skep rejects, the kernel accepts"
	OtherLine   Kind = "both reject, with different last lines"
	OtherErrno  Kind = "both reject, with different error numbers"
	OtherInsns  Kind = "both accept, after different numbers of instructions"
)

// Kinds are all of them but Same.
var Kinds = []Kind{Unsound, FalseReject, OtherLine, OtherErrno, OtherInsns}

// Compare names the difference of two verdicts. Words and counts are Linux
// 6.18's; exact says whether the kernel is one, and they count.
func Compare(skep, kern Verdict, exact bool) Kind {
	switch {
	case skep.Accepted && !kern.Accepted:
		return Unsound
	case !skep.Accepted && kern.Accepted:
		return FalseReject
	case !exact:
		return Same
	case skep.Line != kern.Line:
		return OtherLine
	case skep.Errno != kern.Errno:
		return OtherErrno
	case skep.Insns != kern.Insns && skep.Accepted:
		return OtherInsns
	}
	return Same
}

// Difference is a program on which the verifiers differ.
type Difference struct {
	Seed         uint64
	Kind         Kind
	Skep, Kernel Verdict
	// Reason is why this is known to differ, "" if it is not.
	Reason string `json:",omitempty"`
	// Program is its text, made small.
	Program string `json:",omitempty"`
}

// Key is alike for differences that look alike: numbers and registers are left
// out.
func (d *Difference) Key() string {
	say := func(v Verdict) string {
		if v.Accepted {
			return "accepted"
		}
		return numbers.ReplaceAllString(v.Line, "N")
	}
	return fmt.Sprintf("%s\n\tskep:   %s\n\tkernel: %s", d.Kind, say(d.Skep), say(d.Kernel))
}

var numbers = regexp.MustCompile(`\bR\d+\b|-?\b0x[0-9a-f]+\b|-?\b\d+\b`)

// Judge asks both verifiers.
type Judge struct {
	CPUs     int  // possible ones here
	MaxInsns int  // that skep processes before the program counts as too long
	Exact    bool // this kernel is a Linux 6.18
}

// Skep is skep's verdict.
func (j *Judge) Skep(ctx context.Context, p *image.Program) (Verdict, error) {
	out, err := verifier.Verify(ctx, p, &verifier.Options{CPUs: j.CPUs, MaxInsns: j.MaxInsns})
	if err == nil {
		return Verdict{Accepted: true, Insns: out.Stats().Insns}, nil
	}
	var e *verifier.Error
	if !errors.As(err, &e) {
		return Verdict{}, err
	}
	if e.Code == verifier.CodeTooManyInsns {
		return Verdict{}, errTooLong
	}
	return Verdict{Errno: int(e.Errno), Line: lastLine(e.Linux), Insns: e.Stats.Insns, Slot: e.Insn}, nil
}

// lastLine is the last line of a message.
func lastLine(msg string) string {
	msg = strings.TrimRight(msg, "\n")
	return strings.TrimSpace(msg[strings.LastIndexByte(msg, '\n')+1:])
}

// Kernel is the running kernel's verdict.
func (j *Judge) Kernel(ctx context.Context, p *image.Program) (Verdict, error) {
	out, err := kernel.Judge(ctx, p, nil)
	if err != nil {
		return Verdict{}, err
	}
	return Verdict{Accepted: out.Accepted, Errno: int(out.Errno), Line: out.LastLine, Insns: out.Insns}, nil
}

// TooLong reports whether Skep gave up on a program.
func TooLong(err error) bool { return errors.Is(err, errTooLong) }

// Both asks both about a program, nil if they agree.
func (j *Judge) Both(ctx context.Context, p *image.Program) (*Difference, error) {
	skep, err := j.Skep(ctx, p)
	if err != nil {
		return nil, fmt.Errorf("skep: %w", err)
	}
	kern, err := j.Kernel(ctx, p)
	if err != nil {
		return nil, fmt.Errorf("kernel: %w", err)
	}
	kind := Compare(skep, kern, j.Exact)
	if kind == Same {
		return nil, nil
	}
	return &Difference{Kind: kind, Skep: skep, Kernel: kern}, nil
}
