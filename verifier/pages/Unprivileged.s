; Something that only a privileged user may do.
;
; The same program may be accepted with CAP_BPF and CAP_PERFMON.

.program rejected_unprivileged section=socket
    r0 = 0
    call f
    exit
.func f
    r0 = 0
    exit
