; R10 is written.
;
; R10 is the address of the frame and read-only. Copy it to move it.

.license "GPL"
.program rejected section=socket
    r10 = 0
    r0 = 0
    exit
