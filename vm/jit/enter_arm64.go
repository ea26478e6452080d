package jit

// enter calls machine code with a run context's block.
//
//go:noescape
func enter(code, block uintptr)
