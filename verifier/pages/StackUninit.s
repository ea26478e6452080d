; Stack bytes are read that were never written.
;
; The stack holds what the kernel left there. A program without CAP_PERFMON
; must not read it, nor give it to a helper: user space could see it. A
; privileged program may read such bytes, and pass them to most helpers.
;
; Clear the buffer where it is declared: "struct key k = {};". Bytes between
; the members of a struct count too, and "= {}" need not clear them: use
; __builtin_memset(&k, 0, sizeof(k)) where the struct has holes.
;
; Linux answers EACCES:
;     invalid read from stack off -8+1 size 8

.program rejected_unprivileged section=socket
    *(u8 *)(r10 -8) = 0       ; one byte of eight
    r0 = *(u64 *)(r10 -8)
    exit

.program mended_unprivileged section=socket
    *(u64 *)(r10 -8) = 0
    r0 = *(u64 *)(r10 -8)
    exit
