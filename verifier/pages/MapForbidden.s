; The map's flags forbid the access.
;
; The map was created with BPF_F_RDONLY_PROG or BPF_F_WRONLY_PROG.

.license "GPL"
.map values array key=4 value=16 entries=4 flags=0x80
.program rejected section=socket
    *(u32 *)(r10 -8) = 0
    r2 = r10
    r2 += -8
    r1 = map[values] ll
    call bpf_map_lookup_elem
    *(u64 *)(r0 +0) = 1
    r0 = 0
    exit
