; A function that does not end in exit or jump, or too many functions.
;
; Add an exit. A C function that falls off its end, or ends in something the
; compiler thinks impossible (__builtin_unreachable), has none.

.license "GPL"
.program rejected section=socket
    r0 = 0
    r0 = 1
