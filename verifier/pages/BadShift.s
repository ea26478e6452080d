; A shift by the width or more.
;
; A shift by a register is taken modulo the width; a constant must be below
; it.

.license "GPL"
.program rejected section=socket
    r0 = 1
    r0 <<= 64
    exit
