package verifier

import (
	"fmt"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/image"
)

// Code names a reason for a rejection. Codes are stable.
type Code uint16

// Error is a rejection.
type Error struct {
	Code Code
	// Insn is the slot at which the rule was broken, -1 if none.
	Insn   int
	Source *image.Line // the C line, nil if unknown
	// Msg is the reason in the kernel's words: the last line of its log.
	Msg string
	// Errno is what bpf(2) would return.
	Errno abi.Errno
	// Log is the verifier's log up to here, "" at LogLevel 0.
	Log   string
	Stats Stats
}

// Error is the reason in one line.
func (e *Error) Error() string {
	if e.Insn < 0 {
		return e.Msg
	}
	return fmt.Sprintf("insn %d: %s", e.Insn, e.Msg)
}
