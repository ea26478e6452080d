; The call graph has a cycle.
;
; The stack is 512 bytes for all frames together, so calls nest to a depth of
; eight at most, and a function that calls itself, directly or by way of
; others, has no such bound: the verifier follows the calls, whatever they
; depend on, and stops at the ninth frame. It does so even in functions that
; no path reaches.
;
; Turn the recursion into a loop. If it needs a stack, make it an array in a
; map, with a counter that is bounded. A tree can be walked by tail calls: the
; program calls itself by way of a prog array, 33 times at most.
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
    r6 = 10
again:
    call g
    r6 += -1
    if r6 != 0 goto again
    r0 = 0
    exit
.func g
    r0 = 0
    exit
