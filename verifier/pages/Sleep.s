; Something that sleeps where sleeping is not allowed.
;
; Helpers that sleep need a sleepable program (SEC("fentry.s/...")), outside
; of RCU, lock, preemption and IRQ sections.

.license "GPL"
.program rejected section=tracepoint/x/y
    r1 = r10
    r1 += -8
    r2 = 8
    r3 = 0
    call bpf_copy_from_user
    r0 = 0
    exit
