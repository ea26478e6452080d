; A register that does not exist.
;
; Registers are R0 to R10.
