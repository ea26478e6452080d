; An access through a pointer that may be NULL.
;
; Test the result before the access: if (!p) return 0. The test must
; dominate every use.

.license "GPL"
.map hash hash key=4 value=8 entries=4
.program rejected section=socket
    *(u32 *)(r10 -4) = 1
    r2 = r10
    r2 += -4
    r1 = map[hash] ll
    call bpf_map_lookup_elem
    r0 = *(u64 *)(r0 +0)
    exit

.program mended section=socket
    *(u32 *)(r10 -4) = 1
    r2 = r10
    r2 += -4
    r1 = map[hash] ll
    call bpf_map_lookup_elem
    if r0 == 0 goto out
    r0 = *(u64 *)(r0 +0)
out:
    exit
