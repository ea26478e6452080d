; An access outside the context's fields.
;
; The context has the fields of the program type's struct, each with its
; size and direction; there is nothing behind them or between them.

.license "GPL"
.program rejected section=socket
    r0 = *(u32 *)(r1 +76)
    exit
