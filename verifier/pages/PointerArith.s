; Arithmetic that the pointer's type forbids.
;
; To check an access the verifier must know where a pointer points: adding and
; subtracting numbers is all that it can follow. A multiplication or a bit
; operation would make a number of the pointer. Pointers to sockets, maps and
; other objects of the kernel, and to the end of the packet, must not be moved
; at all.
;
; Compute the offset as a number first, and add it to the pointer last. To
; align or round a pointer, work on the offset from its start. If the message
; says that the pointer may be NULL, the code is MaybeNull: test it first.
;
; Linux answers EACCES:
;     R2 bitwise operator &= on pointer prohibited

.license "GPL"

.program rejected section=socket
    r2 = r10
    r2 &= -16                 ; rounds a pointer down
    *(u64 *)(r2 +0) = 0
    r0 = 0
    exit

.program mended section=socket
    r2 = r10
    r2 += -16
    *(u64 *)(r2 +0) = 0
    r0 = 0
    exit
