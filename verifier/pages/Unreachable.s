; An instruction that no path can reach.
;
; Usually the compiler knew that a condition is constant, or the text was
; put together by hand. Delete the code.

.license "GPL"
.program rejected section=socket
    r0 = 0
    exit
    r0 = 1
    exit
