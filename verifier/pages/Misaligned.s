; A misaligned access.
;
; Stack slots, contexts and the values of atomic operations want accesses at
; multiples of their size. Packets and map values do so only where the machine
; needs it, or the program is loaded with BPF_F_STRICT_ALIGNMENT.
;
; Declare variables with their own type in place of casting into a char array,
; and copy packed fields with __builtin_memcpy(&x, p, sizeof(x)), which the
; compiler splits as needed.
;
; Linux answers EACCES:
;     misaligned stack access off 0+0+-9 size 8

.license "GPL"

.program rejected section=socket
    *(u64 *)(r10 -9) = 0
    r0 = 0
    exit

.program mended section=socket
    *(u64 *)(r10 -16) = 0
    r0 = 0
    exit
