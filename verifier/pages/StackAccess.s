; An access outside the stack, or misaligned for a saved pointer.
;
; Bytes from R10-512 to R10-1 exist. A saved pointer needs an aligned slot
; of eight bytes. A variable index needs proven bounds.

.license "GPL"
.program rejected section=tracepoint/x/y
    r1 = r10
    r1 += -8
    r2 = 16
    call bpf_get_current_comm
    r0 = 0
    exit
