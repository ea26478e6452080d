; More instructions were processed than the budget allows.
;
; The verifier walks every path, and every turn of a loop whose states
; differ. Have fewer branches inside loops, move work into global functions
; (verified once) or bpf_loop callbacks, or use open-coded iterators, whose
; bodies converge.

.program rejected section=socket
    r0 = 0
again:
    r0 += 1
    if r0 < 1000000 goto again
    exit
