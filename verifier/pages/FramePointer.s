; R10 is written.
;
; R10 is the address of the end of the function's frame, and stays it: stack
; accesses are judged by their offset from it.
;
; Copy it to another register and move that. Compilers write R10 nowhere.
;
; Linux answers EACCES:
;     frame pointer is read only

.license "GPL"

.program rejected section=socket
    r10 += -8
    *(u64 *)(r10 +0) = 0
    r0 = 0
    exit

.program mended section=socket
    r2 = r10
    r2 += -8
    *(u64 *)(r2 +0) = 0
    r0 = 0
    exit
