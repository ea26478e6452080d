#include "textflag.h"
#include "funcdata.h"

// func enter(code, block uintptr)
//
// The code may change every register but the stack pointer, R18, R28 and R29:
// ABI0. It returns to LR as it is at the call.
TEXT ·enter(SB), NOSPLIT, $16-16
	NO_LOCAL_POINTERS
	MOVD code+0(FP), R0
	MOVD block+8(FP), R24
	CALL (R0)
	RET
