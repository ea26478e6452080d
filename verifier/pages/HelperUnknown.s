; A helper that does not exist.
;
; The number is none of Linux 6.18's 211 helpers. (An older kernel says the
; same of a helper that came later.) Helpers have numbers, from
; bpf_helper_defs.h; functions of the kernel that are called by name are
; kfuncs.
;
; Include <bpf/bpf_helpers.h> in place of own declarations. Where a program
; must run on older kernels too, ask bpf_core_enum_value_exists for the
; helper's number first; the verifier does not walk into a branch that is
; never taken.
;
; Linux answers EINVAL:
;     invalid func unknown#5000

.license "GPL"

.program rejected section=socket
    call 5000
    r0 = 0
    exit

.program mended section=socket
    call bpf_ktime_get_ns
    r0 = 0
    exit
