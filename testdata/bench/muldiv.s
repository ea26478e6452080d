; 250 rounds of multiplication and division.
.license "Dual MIT/GPL"
.program muldiv section=xdp
    r0 = 0x9e3779b97f4a7c15 ll
    r2 = *(u32 *)(r1 +12)
    r2 |= 7
    r6 = 0
loop:
    r0 *= 0x5bd1e995
    r3 = r0
    r3 /= r2
    r3 %= 1021
    r0 ^= r3
    r0 += r6
    r6 += 1
    if r6 != 250 goto loop
    exit
