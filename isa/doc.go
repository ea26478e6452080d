// Package isa is the eBPF instruction set as a value: it turns bytes into
// instructions and back, and instructions into text and back.
//
// Its one invariant: every instruction that the opcode table calls legal
// survives both round trips unchanged. It imports nothing of skep and knows
// neither maps nor helpers nor programs.
//
// # The table
//
// opcode.go holds one row for each instruction: RFC 9669, and what Linux has
// beyond it, each with its release. Lookup finds the row of an instruction,
// Check and Validate say whether its fields are legal, and Opcodes gives all
// rows to tests that demand completeness. A field that the RFC reserves and
// Linux takes all the same, the offset of exit, is marked as such.
//
// # The text
//
// Printer writes three dialects. SyntaxText, which Format and String use, is
// the kernel's with what it takes to be read back. SyntaxLog is the kernel's
// verifier log, character for character. SyntaxLLVM is that of llvm-objdump.
// Parse and ParseListing read them all. What is not legal is written and read
// as ".slot" with its bytes.
package isa
