; An access outside other memory of known size.
;
; The memory has the size that was asked for, of a ring buffer record for
; example. Bound the offset as for map values.

.license "GPL"
.map ring ringbuf entries=4096
.program rejected section=socket
    r1 = map[ring] ll
    r2 = 16
    r3 = 0
    call bpf_ringbuf_reserve
    if r0 == 0 goto out
    *(u64 *)(r0 +16) = 1
out:
    r0 = 0
    exit
