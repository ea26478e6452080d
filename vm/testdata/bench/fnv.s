; FNV-1a over the 1500 bytes at r1.
.program fnv section=syscall
    r0 = 0xcbf29ce484222325 ll
    r4 = 0x100000001b3 ll
    r2 = r1
    r2 += 1500
    if r1 >= r2 goto done
loop:
    r3 = *(u8 *)(r1 +0)
    r0 ^= r3
    r0 *= r4
    r1 += 1
    if r1 < r2 goto loop
done:
    exit
