package skep

import (
	"context"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/image"
)

// Backend is a place where maps live and programs run: a Runtime of this
// process, or the Linux kernel.
type Backend interface {
	// Name is "user" or "kernel".
	Name() string
	// CPUs is the number of values that a per-CPU map holds for each key.
	CPUs() int
	// NewMap creates a map without its contents.
	NewMap(def *image.Map) (BackendMap, error)
	// NewProgram verifies and loads a resolved program. maps are the backend's
	// maps, in the order of p.Maps; the program keeps them alive.
	NewProgram(ctx context.Context, p *image.Program, maps []BackendMap, opts *ProgramOptions) (BackendProgram, error)
}

// BackendMap is a map as bpf(2) shows it: whole keys and values, per-CPU values
// one after the other, each rounded up to 8 bytes.
type BackendMap interface {
	// ValueLen is the length of the values below, in bytes.
	ValueLen() int
	Lookup(key, value []byte, flags abi.UpdateFlags) error
	LookupAndDelete(key, value []byte, flags abi.UpdateFlags) error
	Update(key, value []byte, flags abi.UpdateFlags) error
	Delete(key []byte) error
	// NextKey writes the key after prev, the first one if prev is nil.
	NextKey(prev, next []byte) error
	// SetMap and SetProgram change an element of a map of maps and of a
	// program array.
	SetMap(key []byte, m BackendMap, flags abi.UpdateFlags) error
	SetProgram(key []byte, p BackendProgram, flags abi.UpdateFlags) error
	// Freeze forbids changes from Go.
	Freeze() error
	// Memory is the map's values as memory shared with programs, an error
	// matching ErrNotSupported where the kind has none.
	Memory() ([]byte, error)
	Close() error
}

// BackendProgram is a loaded program.
type BackendProgram interface {
	// Run runs the program opts.Repeat times and fills opts.DataOut and
	// ContextOut.
	Run(opts *RunOptions) (RunResult, error)
	Info() ProgramInfo
	Close() error
}
