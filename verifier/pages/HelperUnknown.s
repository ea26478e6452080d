; A helper that does not exist.
;
; Helper numbers are those of Linux 6.18.

.license "GPL"
.program rejected section=socket
    call 5000
    r0 = 0
    exit
