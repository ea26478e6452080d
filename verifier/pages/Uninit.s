; A register is read before it is written.
;
; Some path reaches the read without a write. In C, initialise the variable;
; remember that a call destroys R1 to R5, and that R0 of a void function
; holds nothing.

.license "GPL"
.program rejected section=socket
    r0 = r2
    exit

.program mended section=socket
    r2 = 0
    r0 = r2
    exit
