; An access at an offset that is not bounded.
;
; Give the offset both bounds before the access. An unsigned type gives the
; lower one; a compiler that compares another copy of the value loses it:
; barrier_var or a mask helps.

.license "GPL"
.map values array key=4 value=16 entries=4
.program rejected section=tc
    r6 = *(u64 *)(r1 +152)
    *(u32 *)(r10 -8) = 0
    r2 = r10
    r2 += -8
    r1 = map[values] ll
    call bpf_map_lookup_elem
    if r6 s> 7 goto out
    if r6 s< -3 goto out
    r0 += r6
    r0 = *(u8 *)(r0 +0)
out:
    r0 = 0
    exit

.program mended section=tc
    r6 = *(u32 *)(r1 +0)
    *(u32 *)(r10 -8) = 0
    r2 = r10
    r2 += -8
    r1 = map[values] ll
    call bpf_map_lookup_elem
    if r0 == 0 goto out
    if r6 > 15 goto out
    r0 += r6
    r0 = *(u8 *)(r0 +0)
out:
    r0 = 0
    exit
