; Division by the constant zero.
;
; A division by a register that turns out to be zero is defined: the quotient
; is 0, the remainder the dividend. A division by the constant 0 makes no
; sense, and is refused.
;
; In C the compiler warns, and makes anything it likes of such a division.
; Look at the constant that the divisor comes from.
;
; Linux answers EINVAL:
;     div by zero

.license "GPL"

.program rejected section=socket
    r0 = 1
    r0 /= 0
    exit

.program mended section=socket
    r0 = 1
    r1 = 0
    r0 /= r1                  ; 0
    exit
