// Package listing turns a lowered program into machine code to look at: pieces
// of code, each with the instruction of the program that it is for, disassembled.
// Its one invariant: it runs nothing and needs no machine of the architecture,
// because code generators are pure functions. It knows nothing of C lines and of
// the text of instructions; whoever prints a listing does.
package listing
