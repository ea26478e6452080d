; More than eight frames.
;
; At most eight functions may be active at once, the program itself counted, and
; callbacks too. The limit bounds the stack and what the verifier keeps of each
; path. A function that calls itself gets here as well, since it is walked down
; to the limit.
;
; Let the compiler inline the small functions (static __always_inline), and turn
; recursion into a loop.
;
; Linux answers E2BIG:
;     the call stack of 9 frames is too deep

.license "GPL"

.program rejected section=socket
    call f
    r0 = 0
    exit
.func f
    call f
    r0 = 0
    exit

.program mended section=socket
    call g
    r0 = 0
    exit
.func g
    r0 = 0
    exit
