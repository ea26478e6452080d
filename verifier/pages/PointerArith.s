; Arithmetic that the pointer's type forbids.
;
; Addition and subtraction of numbers is all that most pointers allow;
; pointers that may be NULL, and those to the context's objects, sockets or
; maps, allow not even that. Test for NULL first.

.license "GPL"
.program rejected section=socket
    r1 *= 2
    r0 = 0
    exit
