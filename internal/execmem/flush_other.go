//go:build !amd64

package execmem

import "github.com/skepbpf/skep/internal/mem"

func flush([]byte, mem.Addr) {}
