; Stack bytes are read that were never written.
;
; Clear the buffer first: char buf[16] = {}. Padding inside structs counts.

.program rejected_unprivileged section=socket
    *(u8 *)(r10 -8) = 0
    r0 = *(u64 *)(r10 -8)
    exit
