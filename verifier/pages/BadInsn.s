; An instruction that does not exist, or whose reserved fields are used.
;
; Every instruction has eight bytes with fields of fixed meaning; an opcode
; that no release knows, or a value in a field that its opcode does not use,
; is refused, so that later releases can give them a meaning. A program
; without instructions, or with more than the limit, has this code too.
;
; Compilers do this for a newer instruction set: compile with -mcpu=v3, or for
; a newer kernel. Otherwise the bytes are damaged or made by hand; skep dump
; shows them.
;
; Linux answers EINVAL:
;     BPF_MOV uses reserved fields

.program rejected section=xdp
    r0 = 1
    .slot bf01000005000000    ; r1 = r0, and 5 where nothing belongs
    exit

.program mended section=xdp
    r0 = 1
    .slot bf01000000000000    ; r1 = r0
    exit
