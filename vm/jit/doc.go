// Package jit is the native engine: it places the machine code of the
// generators below it in memory, enters it, and serves its exits.
//
// Code runs on the run context's stack, never on the goroutine's. What it cannot
// do itself it leaves to Go for: it saves its registers, returns to whoever
// entered, and is entered again where it left.
package jit
