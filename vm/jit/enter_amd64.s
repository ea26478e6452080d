#include "textflag.h"

// func enter(code, block uintptr)
//
// The code returns to enter's caller. It may change every register but the stack
// pointer and the frame pointer: ABI0.
TEXT ·enter(SB), NOSPLIT|NOFRAME, $0-16
	MOVQ code+0(FP), AX
	MOVQ block+8(FP), R12
	JMP AX
