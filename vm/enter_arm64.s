#include "textflag.h"

// func enter(code uint64, block mem.Addr)
//
// The code returns to enter's caller. It may change every register but the stack
// pointer, R18, R28 and R29: ABI0.
TEXT ·enter(SB), NOSPLIT|NOFRAME, $0-16
	MOVD code+0(FP), R0
	MOVD block+8(FP), R24
	JMP  (R0)
