; Counts packets by their first byte, in an array of 256 counters.
.license "Dual MIT/GPL"

.map counts array key=4 value=8 entries=256

.program count section=xdp
    r2 = *(u32 *)(r1 +0)            ; data
    r3 = *(u32 *)(r1 +4)            ; data_end
    r1 = r2
    r1 += 1
    if r1 > r3 goto done            ; an empty packet
    r2 = *(u8 *)(r2 +0)
    *(u32 *)(r10 -4) = r2
    r2 = r10
    r2 += -4
    r1 = map[counts] ll
    call bpf_map_lookup_elem
    if r0 == 0 goto done
    r1 = r0
    call bump
done:
    r0 = 2                          ; XDP_PASS
    exit

.func bump
    r2 = 1
    lock *(u64 *)(r1 +0) += r2
    r0 = 0
    exit
