; An acquired object is not released.
;
; Every path must release what it acquired: submit or discard the record,
; release the socket, drop the object.

.license "GPL"
.map ring ringbuf entries=4096
.program rejected section=socket
    r1 = map[ring] ll
    r2 = 16
    r3 = 0
    call bpf_ringbuf_reserve
    r0 = 0
    exit

.program mended section=socket
    r1 = map[ring] ll
    r2 = 16
    r3 = 0
    call bpf_ringbuf_reserve
    if r0 == 0 goto out
    r1 = r0
    r2 = 0
    call bpf_ringbuf_discard
out:
    r0 = 0
    exit
