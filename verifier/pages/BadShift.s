; A shift by the width or more.
;
; A constant by which a value is shifted must be below the width, 64 or 32. A
; shift by a register takes the amount modulo the width.
;
; In C such a shift is undefined, so write what is meant: "x = 0" for all bits
; out, or "(__u64)x << 40" where a 32-bit x is to become a wider value.
;
; Linux answers EINVAL:
;     invalid shift 64

.license "GPL"

.program rejected section=socket
    r0 = 1
    r0 <<= 64
    exit

.program mended section=socket
    r0 = 1
    r0 <<= 63
    exit
