//go:build !linux || (!amd64 && !arm64)

package jit

import (
	"github.com/skepbpf/skep/internal/execmem"
	"github.com/skepbpf/skep/internal/mem"
)

type handlers struct{}

func handle(*execmem.Arena, mem.Addr) (*handlers, error) { return nil, nil }

func (*handlers) remove() bool { return true }
