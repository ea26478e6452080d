; A pointer is returned.
;
; Return a number.

.program rejected section=xdp
    call f
    r0 = 0
    exit
.func f
    r0 = r10
    exit
