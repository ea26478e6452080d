; Does nothing.
.program empty section=socket
    r0 = 0
    exit
