; An argument of the wrong type.
;
; Compare the arguments with the helper's prototype. Keys and values go by
; pointer, mostly to the stack.

.license "GPL"
.map hash hash key=4 value=8 entries=4
.program rejected section=socket
    r2 = 5
    r1 = map[hash] ll
    call bpf_map_lookup_elem
    r0 = 0
    exit
