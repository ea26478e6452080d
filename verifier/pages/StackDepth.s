; The frames of a call chain need too much stack.
;
; All frames of a call chain share 512 bytes, each rounded up. Put large
; buffers into a per-CPU array map.

.license "GPL"
.program rejected section=socket
    *(u64 *)(r10 -304) = 0
    call f
    r0 = 0
    exit
.func f
    *(u64 *)(r10 -304) = 0
    r0 = 0
    exit
