package bpfmap

import (
	"errors"
	"fmt"

	"github.com/skepbpf/skep/abi"
)

// ErrUnsupported is in the chain of New's error for a type of map that Linux
// has and this package has not.
var ErrUnsupported = errors.New("map type is not supported")

// CreateError says why a definition was refused, with the kernel's errno.
type CreateError struct {
	Map    string
	Errno  abi.Errno
	Reason string
	err    error
}

// Error names the map and what is wrong; of a broken rule, also the errno.
func (e *CreateError) Error() string {
	if e.err != nil {
		return fmt.Sprintf("map %q: %s", e.Map, e.Reason)
	}
	return fmt.Sprintf("map %q: %s: %v", e.Map, e.Reason, e.Errno)
}

// Unwrap is what lies below: ErrUnsupported or a failure of the system.
func (e *CreateError) Unwrap() error { return e.err }
