; A jump that leaves its function or lands inside an instruction.
;
; Each function of a program is a closed piece: control enters by call and
; leaves by exit, and every jump stays inside. A jump must also not land on
; the second half of a 64-bit load, which takes two slots.
;
; Compilers keep to this. In assembler text use labels in place of counted
; offsets, and remember that "r1 = map[m] ll" is two slots long.
;
; Linux answers EINVAL:
;     jump out of range from insn 1 to 7

.program rejected section=socket
    r0 = 0
    if r0 == 0 goto +5        ; there is one instruction more
    exit

.program mended section=socket
    r0 = 0
    if r0 == 0 goto out
out:
    exit
