; A comparison that the pointers' types forbid.
;
; Compare packet pointers with packet ends; other pointers only with NULL.

.program rejected_unprivileged section=socket
    r0 = 0
    if r1 > r10 goto out
    r0 = 1
out:
    exit
