package vm

import "github.com/skepbpf/skep/internal/mem"

// enter calls a Starter's code with a run context's block. It is here, and not
// in an engine, so that no call stands between it and Program.Run.
//
//go:noescape
func enter(code uint64, block mem.Addr)
