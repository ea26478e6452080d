//go:build !amd64 && !arm64

package vm

import "github.com/skepbpf/skep/internal/mem"

// enter is never called: no engine has a Starter here.
func enter(uint64, mem.Addr) { panic("BUG: no code to enter") }
