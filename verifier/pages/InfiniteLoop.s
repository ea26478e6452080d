; A loop that makes no progress.
;
; The loop came back to a state it had been in. Make the counter change and
; the exit depend on it.

.license "GPL"
.program rejected section=socket
    r0 = 0
loop:
    r1 = 1
    if r1 == 1 goto loop
    exit

.program mended section=socket
    r0 = 0
loop:
    r0 += 1
    if r0 < 10 goto loop
    exit
