; A write to read-only memory.
;
; Constants, strings and kernel objects cannot be written.

.program rejected section=tc
    r2 = *(u64 *)(r1 +168)
    r0 = 0
    if r2 == 0 goto out
    *(u32 *)(r2 +4) = 1
out:
    exit
