; A release of something that was not acquired.
;
; Release the very pointer that was acquired, once.

.license "GPL"
.map ring ringbuf entries=4096
.program rejected section=socket
    r1 = map[ring] ll
    r2 = 16
    r3 = 0
    call bpf_ringbuf_reserve
    if r0 == 0 goto out
    r1 = r0
    r1 += 8
    r2 = 0
    call bpf_ringbuf_submit
out:
    r0 = 0
    exit
