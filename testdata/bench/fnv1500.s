; FNV-1a over the first 1500 bytes of the packet.
.license "Dual MIT/GPL"
.program fnv1500 section=xdp
    r2 = *(u32 *)(r1 +4)
    r1 = *(u32 *)(r1 +0)
    r5 = r1
    r5 += 1500
    r0 = 0xcbf29ce484222325 ll
    if r5 > r2 goto done
    r4 = 0x100000001b3 ll
    r6 = 0
loop:
    r3 = *(u8 *)(r1 +0)
    r0 ^= r3
    r0 *= r4
    r1 += 1
    r6 += 1
    if r6 != 1500 goto loop
done:
    exit
