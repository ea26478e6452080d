; Something that only a privileged user may do.
;
; A user without CAP_BPF may load socket filters and cgroup skb programs, if
; at all (the sysctl kernel.unprivileged_bpf_disabled is mostly on), with
; stricter rules: no calls of functions, no loops back, no arithmetic on
; pointers that speculation could misuse. Other types need CAP_BPF, and those
; of networking CAP_NET_ADMIN too; there the rules about pointers stay until
; CAP_PERFMON.
;
; Load the program with CAP_BPF, and CAP_PERFMON for tracing or pointers; in
; skep, leave out --unprivileged, or say with --caps what the user has.
;
; Linux answers EPERM:
;     loading/calling other bpf or kernel functions are allowed for CAP_BPF and CAP_SYS_ADMIN

.program rejected_unprivileged section=socket
    r0 = 0
    call f
    exit
.func f
    r0 = 0
    exit

.program mended_unprivileged section=socket
    r0 = 0
    exit
