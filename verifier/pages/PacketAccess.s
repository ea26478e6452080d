; An access outside the proven part of the packet.
;
; Compare with data_end first: if (data + sizeof(*eth) > data_end) return
; XDP_DROP. Only what the comparison covers may be accessed, and only
; through the register family that was compared.

.license "GPL"
.program rejected section=xdp
    r2 = *(u32 *)(r1 +0)
    r3 = *(u32 *)(r1 +4)
    r4 = r2
    r4 += 14
    r0 = 1
    if r4 > r3 goto out
    r0 = *(u8 *)(r2 +14)
out:
    exit

.program mended section=xdp
    r2 = *(u32 *)(r1 +0)
    r3 = *(u32 *)(r1 +4)
    r4 = r2
    r4 += 15
    r0 = 1
    if r4 > r3 goto out
    r0 = *(u8 *)(r2 +14)
    r0 = 1
out:
    exit
