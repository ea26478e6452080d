package skep

import (
	"errors"
	"os"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/verifier"
	"github.com/skepbpf/skep/vm"
)

// Errors that callers branch on.
var (
	ErrKeyNotExist      = errors.New("key does not exist")
	ErrKeyExist         = errors.New("key already exists")
	ErrIterationAborted = errors.New("iteration aborted")
	ErrMapIncompatible  = errors.New("map spec is incompatible with existing map")
	ErrClosed           = os.ErrClosed
	// ErrNotSupported matches every *UnsupportedError.
	ErrNotSupported = vm.ErrNotSupported
)

// UnsupportedError says what skep cannot do.
type UnsupportedError = vm.UnsupportedError

// VerifierError is a rejection: a *verifier.Error with Code, instruction and C
// line.
type VerifierError = verifier.Error

// errnoError is a map operation's error number as a Go error.
func errnoError(e abi.Errno) error {
	switch e {
	case 0:
		return nil
	case abi.ENOENT:
		return ErrKeyNotExist
	case abi.EEXIST:
		return ErrKeyExist
	}
	return e
}
