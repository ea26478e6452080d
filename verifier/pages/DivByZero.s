; Division by the constant zero.
;
; Division by a register that is zero is defined (the result is 0); by the
; constant it is refused.

.license "GPL"
.program rejected section=socket
    r0 = 1
    r0 /= 0
    exit
