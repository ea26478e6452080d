; A misaligned access.
;
; Read packed fields byte by byte, or with __builtin_memcpy.

.license "GPL"
.program rejected section=socket
    *(u64 *)(r10 -9) = 0
    r0 = 0
    exit
