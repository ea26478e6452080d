; A jump that leaves its function or lands inside an instruction.
;
; Each function of a program is a closed piece: control enters by call and
; leaves by exit.

.license "GPL"
.program rejected section=socket
    r0 = 0
    if r0 == 0 goto +5
    exit
