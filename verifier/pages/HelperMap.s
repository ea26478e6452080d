; A map that the helper does not work on.
;
; See the helper's documentation for the types of map that it works on.

.license "GPL"
.map hash hash key=4 value=8 entries=4
.program rejected section=socket
    r2 = r10
    r2 += -8
    r1 = map[hash] ll
    call bpf_map_pop_elem
    r0 = 0
    exit
