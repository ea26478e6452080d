; More than eight frames.
;
; At most eight functions may be active at once, the program itself counted,
; and callbacks too. The limit bounds the stack and what the verifier keeps of
; each path. For a function that calls itself the code is Recursion.
;
; Let the compiler inline the small functions (static __always_inline), or
; split the program in two with a tail call.
;
; Linux answers E2BIG:
;     the call stack of 9 frames is too deep

.license "GPL"

.program rejected section=socket
    call f1
    exit
.func f1
    call f2
    exit
.func f2
    call f3
    exit
.func f3
    call f4
    exit
.func f4
    call f5
    exit
.func f5
    call f6
    exit
.func f6
    call f7
    exit
.func f7
    call f8
    exit
.func f8
    r0 = 0
    exit

.program mended section=socket
    call g
    exit
.func g
    r0 = 0
    exit
