; The program's return value is not in the legal range.
;
; Return a value that the hook knows. What comes from memory needs a bound
; first.

.license "GPL"
.program rejected section=cgroup_skb/ingress
    r0 = 2
    exit

.program mended section=cgroup_skb/ingress
    r0 = 1
    exit
