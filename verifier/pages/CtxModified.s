; An access through a changed context pointer.
;
; Keep the context pointer as it was given and put constant offsets into the
; access.

.license "GPL"
.program rejected section=socket
    r1 += 4
    r0 = *(u32 *)(r1 +0)
    exit

.program mended section=socket
    r0 = *(u32 *)(r1 +4)
    exit
