; A size argument that is not bounded, or too large for the memory.
;
; Bound the size below and above, above by the size of the memory: if (n ==
; 0 || n > sizeof(buf)) return 0.

.license "GPL"
.program rejected section=tracepoint/x/y
    r2 = *(u32 *)(r1 +8)
    r1 = r10
    r1 += -16
    *(u64 *)(r10 -16) = 0
    *(u64 *)(r10 -8) = 0
    r3 = 0
    r4 = r2
    call bpf_get_current_comm
    r0 = 0
    exit

.program mended section=tracepoint/x/y
    r2 = *(u32 *)(r1 +8)
    r1 = r10
    r1 += -16
    *(u64 *)(r10 -16) = 0
    *(u64 *)(r10 -8) = 0
    if r2 == 0 goto out
    if r2 > 16 goto out
    call bpf_get_current_comm
out:
    r0 = 0
    exit
