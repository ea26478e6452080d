; A tail call where it is not allowed.
;
; Tail calls are allowed in the program itself and static functions that it
; calls, not in callbacks.

.map next prog_array key=4 value=4 entries=1
.license "GPL"
.program rejected section=socket
    r6 = r1
    r1 = 4
    r2 = turn ll
    r3 = 0
    r4 = 0
    call bpf_loop
    r0 = 0
    exit
.func turn
    r1 = 0
    r2 = map[next] ll
    r3 = 0
    call bpf_tail_call
    r0 = 0
    exit
