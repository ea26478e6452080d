; A pointer becomes visible to user space.
;
; User space could learn a kernel address. Store a number instead.

.map values array key=4 value=8 entries=1
.program rejected_unprivileged section=socket
    *(u32 *)(r10 -4) = 0
    r2 = r10
    r2 += -4
    r1 = map[values] ll
    call bpf_map_lookup_elem
    if r0 == 0 goto out
    *(u64 *)(r0 +0) = r10
out:
    r0 = 0
    exit
