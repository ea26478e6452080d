; A register is read before it is written.
;
; At the start a program has its context in R1 and its frame in R10, and
; nothing else; other registers hold what the kernel left there, which a
; program must not see. A call destroys R1 to R5, and gives R0 a value only if
; the function returns one. The register must have been written on every path
; that leads to the read.
;
; In C, give the variable a value where it is declared; -Wall warns of most
; such cases. In assembler, keep what must outlive a call in R6 to R9.
;
; Linux answers EACCES:
;     R1 !read_ok

.license "GPL"

.program rejected section=socket
    call bpf_get_prandom_u32
    r0 = *(u32 *)(r1 +0)      ; the call destroyed r1
    exit

.program mended section=socket
    r6 = r1
    call bpf_get_prandom_u32
    r0 = *(u32 *)(r6 +0)
    exit
