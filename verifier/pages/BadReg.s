; A register that does not exist.
;
; There are eleven registers: R0 to R9 to work with, and R10, the frame
; pointer, to read. The encoding has room for sixteen; the numbers above are
; refused. Programs may not use R11, which Linux uses itself when it rewrites
; them.
;
; Compilers write none of these: the bytes are damaged, or a tool that makes
; instructions took more registers than there are.
;
; Linux answers EINVAL:
;     R11 is invalid

.program rejected section=xdp
    .slot b70b000000000000    ; r11 = 0
    r0 = 1
    exit

.program mended section=xdp
    .slot b709000000000000    ; r9 = 0
    r0 = 1
    exit
