; A pointer becomes visible to user space.
;
; What a program stores in a map or returns can be read by user space, which
; could learn from a pointer where the kernel lies in memory, and so get
; around the randomisation of addresses. Programs of users without CAP_PERFMON
; must not let one out.
;
; Store what is meant: a number, an id, an offset. To keep the address of a
; kernel object for later, use a kptr field.
;
; Linux answers EACCES:
;     R10 leaks addr into map

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

.program mended_unprivileged section=socket
    *(u32 *)(r10 -4) = 0
    r2 = r10
    r2 += -4
    r1 = map[values] ll
    call bpf_map_lookup_elem
    if r0 == 0 goto out
    r1 = 1
    *(u64 *)(r0 +0) = r1
out:
    r0 = 0
    exit
