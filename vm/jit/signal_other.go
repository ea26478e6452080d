//go:build !linux || !amd64

package jit

import (
	"github.com/skepbpf/skep/internal/execmem"
	"github.com/skepbpf/skep/internal/mem"
)

func handle(*execmem.Arena, mem.Addr) (func(), error) { return func() {}, nil }
