; A function that does not end in exit or jump, or too many functions.
;
; The last instruction of every function must be an exit or an unconditional
; jump, or control would run on into the next function. A program has at most
; 256 functions.
;
; A C function without an end has a path that the compiler holds for
; impossible: __builtin_unreachable(), a missing return in a function that is
; not void, or undefined behaviour such as a shift by too much. Give the path
; a return, and compile with -Wall.
;
; Linux answers EINVAL:
;     last insn is not an exit or jmp

.program rejected section=socket
    r0 = 0
    if r1 != 0 goto out
    exit
out:
    r0 = 1

.program mended section=socket
    r0 = 0
    if r1 != 0 goto out
    exit
out:
    r0 = 1
    exit
