; An instruction that no path can reach.
;
; Before the verifier follows values it looks at the jumps alone, and demands
; that some path lead to each instruction: code that nothing reaches would not
; be checked. Code behind a condition that turns out to be always false is
; allowed; Linux removes it when it loads the program.
;
; Delete the code. In C this is mostly inline assembler with an exit or a goto
; of its own; compilers leave no unreachable code.
;
; Linux answers EINVAL:
;     unreachable insn 2

.program rejected section=socket
    r0 = 0
    exit
    r0 = 1                    ; nothing leads here
    exit

.program mended section=socket
    r0 = 0
    exit
