#include "textflag.h"

// func clean(rw, rx mem.Addr, n int)
//
// The sizes of the caches' lines are in CTR_EL0, as powers of two, in words.
// Arm ARM B2.4.4, ordering of instruction fetches.
TEXT ·clean(SB), NOSPLIT, $0-24
	MOVD rw+0(FP), R0
	MOVD rx+8(FP), R1
	MOVD n+16(FP), R2
	MRS  CTR_EL0, R3
	UBFX $16, R3, $4, R4
	MOVD $4, R5
	LSL  R4, R5, R4      // bytes of a line of data
	AND  $15, R3, R6
	LSL  R6, R5, R6      // of instructions
	ADD  R0, R2, R7
	SUB  $1, R4, R8
	BIC  R8, R0, R0

data:
	CMP  R7, R0
	BHS  wrote
	DC   CVAU, R0
	ADD  R4, R0
	B    data

wrote:
	DSB  $11             // ISH
	ADD  R1, R2, R7
	SUB  $1, R6, R8
	BIC  R8, R1, R1

code:
	CMP  R7, R1
	BHS  done
	WORD $0xd50b7521     // IC IVAU, R1
	ADD  R6, R1
	B    code

done:
	DSB  $11
	ISB  $15
	RET
