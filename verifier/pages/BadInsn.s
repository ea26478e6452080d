; An instruction that does not exist, or whose reserved fields are used.
;
; Compilers emit these for a newer instruction set than the rules know, or
; the bytes are damaged. Fields that an instruction does not use must be
; zero.
