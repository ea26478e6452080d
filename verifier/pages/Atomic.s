; An atomic operation that does not exist or on memory that has none.
;
; Atomic operations work on 4 or 8 aligned bytes of stack, map values and
; arenas; not on the context or packets.

.license "GPL"
.program rejected section=tc
    r2 = 1
    lock *(u32 *)(r1 +48) += r2
    r0 = 0
    exit
