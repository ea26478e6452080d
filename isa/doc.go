// Package isa is the eBPF instruction set as a value: it turns bytes into
// instructions and back, and instructions into text and back.
//
// Its one invariant: every instruction that the opcode table calls legal
// survives both round trips unchanged. It imports nothing of skep and knows
// neither maps nor helpers nor programs.
package isa
