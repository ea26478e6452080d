package vm

import (
	"fmt"

	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/internal/mem"
)

// CheckingEngine is an engine that checks every access of a program at run
// time. Nothing else may run what was not verified.
type CheckingEngine interface {
	Engine
	// ChecksEveryAccess says so, and does nothing.
	ChecksEveryAccess()
}

// NewUnverified lowers a program of which nothing is proven and compiles it
// with an engine that checks every access. It is the seam behind the
// interpreter's unverified door, interp.NewUnverified, and no other way in.
func NewUnverified(img *image.Program, e CheckingEngine, opts Options) (*Program, error) {
	low, err := LowerUnverified(img, opts.Maps)
	if err != nil {
		return nil, fmt.Errorf("program %q: %w", img.Name, err)
	}
	opts.Engine = e
	return ready(img, low, opts)
}

// Visible is an event whose packet an unverified program reaches through the
// 32-bit fields of its context.
type Visible interface {
	// Visible is the guest address, the real address and the length of what
	// the program may read and write.
	Visible() (guest uint64, host mem.Addr, size int)
}
