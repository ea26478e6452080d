; Looks up and counts 1000 times in a hash table.
.map counts hash key=4 value=8 entries=256
.elem counts u32 7 = u64 0
.program hash section=syscall
    r6 = 1000
again:
    *(u32 *)(r10 -4) = 7
    r1 = map[counts] ll
    r2 = r10
    r2 += -4
    call bpf_map_lookup_elem
    if r0 == 0 goto next
    r1 = *(u64 *)(r0 +0)
    r1 += 1
    *(u64 *)(r0 +0) = r1
next:
    r6 += -1
    if r6 != 0 goto again
    r0 = 0
    exit
