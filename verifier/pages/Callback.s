; A callback with the wrong signature or in the wrong place.
;
; A callback takes what its helper gives it and returns 0 to go on or 1 to
; stop.

.license "GPL"
.program rejected section=socket
    r1 = 10
    r2 = turn ll
    r3 = 0
    r4 = 0
    call bpf_loop
    r0 = 0
    exit
.func turn
    r0 = 2
    exit
