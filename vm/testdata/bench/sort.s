; Sorts 32 numbers on the stack by insertion and folds them into r0.
.program sort section=syscall
    r1 = 0x9e3779b97f4a7c15 ll
    r2 = 1
    r3 = r10
    r3 += -256
    r4 = r3
fill:
    r2 *= r1
    r2 ^= 0x5bd1e995
    *(u64 *)(r4 +0) = r2
    r4 += 8
    if r4 != r10 goto fill
    r4 = r3
    r4 += 8
outer:
    r5 = *(u64 *)(r4 +0)
    r6 = r4
inner:
    r7 = *(u64 *)(r6 -8)
    if r7 <= r5 goto place
    *(u64 *)(r6 +0) = r7
    r6 += -8
    if r6 != r3 goto inner
place:
    *(u64 *)(r6 +0) = r5
    r4 += 8
    if r4 != r10 goto outer
    r0 = 0
fold:
    r0 *= 31
    r5 = *(u64 *)(r3 +0)
    r0 += r5
    r3 += 8
    if r3 != r10 goto fold
    exit
