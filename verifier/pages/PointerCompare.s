; A comparison that the pointers' types forbid.
;
; A comparison tells something about an address. An unprivileged user, who
; must not learn addresses, may compare pointers of the packet with its end,
; and others with NULL, nothing else. A user with CAP_PERFMON may compare any.
;
; Compare offsets in place of pointers, or load the program with CAP_BPF and
; CAP_PERFMON.
;
; Linux answers EACCES:
;     R10 pointer comparison prohibited

.program rejected_unprivileged section=socket
    r0 = 0
    if r1 > r10 goto out
    r0 = 1
out:
    exit

.program mended_unprivileged section=socket
    r0 = 0
    r2 = *(u32 *)(r1 +0)
    if r2 > 1500 goto out
    r0 = 1
out:
    exit
