//go:build !amd64 && !(linux && arm64)

package execmem

import "github.com/skepbpf/skep/internal/mem"

func flush([]byte, mem.Addr) {}
