// Package arm64 turns lowered programs into arm64 machine code.
//
// Registers. BPF's r0 to r5 are x0 to x5, r6 to r9 x19 to x22, r10 x23. x24
// holds the run context's block, x25 the fuel, x26 and x27 the way back to Go; x14
// to x17 are free between instructions. x18 is the system's, x28 Go's goroutine, which its signal
// handlers take from there: no code touches them. Nor is x29 touched: all the
// while it is the frame pointer of the Go function that entered, so that whoever
// follows frame pointers finds Go's frames.
//
// Frames. A function saves x30 if it calls, what it writes of x19 to x22, and
// x23 if it has a BPF stack; then it sets x23 to the stack pointer and takes its
// BPF stack below. Function 0 saves none of BPF's registers where Go and tail
// calls alone enter it: they expect that. The stack pointer is a multiple of 16,
// as the machine demands. Everything lies on the run context's stack, nothing on
// the goroutine's.
package arm64
