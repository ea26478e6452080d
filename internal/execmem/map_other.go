//go:build !linux

package execmem

import (
	"errors"

	"github.com/skepbpf/skep/internal/mem"
)

func mapTwice(int) ([]byte, mem.Addr, error) { return nil, 0, errors.ErrUnsupported }

func unmapTwice([]byte, mem.Addr) error { return nil }
