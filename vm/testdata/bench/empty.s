; Does nothing.
.program empty section=syscall
    r0 = 0
    exit
