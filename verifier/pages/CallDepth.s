; More than eight frames.
;
; At most eight functions may be active at once; a function that calls
; itself gets here too. Make the small ones inline.

.license "GPL"
.program rejected section=socket
    call f
    r0 = 0
    exit
.func f
    call f
    r0 = 0
    exit
