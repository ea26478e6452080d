; The call graph has a cycle.
;
; The stack is 512 bytes for all frames together, so a function may not call
; itself, directly or by way of others. A recursion that the program reaches is
; found while it is walked, and then has the code CallDepth; this code is for one
; in functions that no path reaches.
;
; Turn the recursion into a loop. If it needs a stack, make it an array in a map,
; with a counter that is bounded.
;
; Linux answers EINVAL:
;     recursive call from f() to f()

.license "GPL"

.program rejected section=socket
    r0 = 0
    if r0 == 0 goto out
    call f
out:
    exit
.func f
    call f
    exit

.program mended section=socket
    r0 = 0
    if r0 == 0 goto out
    call f2
out:
    exit
.func f2
    r0 = 0
    exit
