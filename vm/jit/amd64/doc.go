// Package amd64 turns lowered programs into amd64 machine code.
//
// Registers. BPF's are Linux's: r0 rax, r1 rdi, r2 rsi, r3 rdx, r4 rcx, r5 r8,
// r6 rbx, r7 r13, r8 r14, r9 r15, r10 rbp. r12 holds the run context's block,
// r9 the fuel; r10 and r11 are free between instructions.
//
// Frames. A function saves what it writes of rbx, r13, r14 and r15, and rbp if it
// has a BPF stack; then it sets rbp to the stack pointer and takes its BPF stack
// below. Function 0 saves nothing where Go and tail calls alone enter it: they
// expect that. Everything lies on the run context's stack, nothing on the
// goroutine's.
//
// Calls. Functions that may leave to Go are entered and left by jumps, others by
// call and ret: callopen.go says why.
package amd64
