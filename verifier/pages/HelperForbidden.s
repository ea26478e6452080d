; A helper that the program type or licence must not call.
;
; Each program type has its set of helpers. Those for GPL-compatible
; programs ask for char LICENSE[] SEC("license") = "GPL".

.license "Proprietary"
.program rejected section=socket
    r1 = r10
    r1 += -8
    *(u64 *)(r10 -8) = 0
    r2 = 8
    call bpf_trace_printk
    r0 = 0
    exit
