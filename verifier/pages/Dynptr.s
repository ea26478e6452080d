; A dynptr misused.
;
; A dynptr lives in 16 bytes of stack that only its helpers touch, and is
; set up before use.

.license "GPL"
.program rejected section=socket
    *(u64 *)(r10 -16) = 0
    *(u64 *)(r10 -8) = 0
    r1 = r10
    r1 += -16
    r2 = 0
    r3 = 8
    call bpf_dynptr_data
    r0 = 0
    exit
