#include "textflag.h"
#include "funcdata.h"

// func enter(code, block uintptr)
//
// The code may change every register but the stack pointer: ABI0. It saves and
// restores the frame pointer.
TEXT ·enter(SB), NOSPLIT, $16-16
	NO_LOCAL_POINTERS
	MOVQ code+0(FP), AX
	MOVQ block+8(FP), R12
	CALL AX
	RET
