; A pointer moved by an amount that is not bounded.
;
; Bound the amount on both sides before it is added: if (n > MAX) return 0.
; Use unsigned types, or the lower bound is missing.

.license "GPL"
.program rejected section=tc
    r2 = *(u64 *)(r1 +168)
    r6 = *(u32 *)(r1 +0)
    r6 <<= 32
    r6 += r6
    r3 = r10
    r3 += r6
    r0 = *(u8 *)(r3 +0)
    exit
