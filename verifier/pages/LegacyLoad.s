; LD_ABS or LD_IND where they are not allowed.
;
; These loads need a socket buffer as context in R6, and no lock or
; reference held.

.license "GPL"
.program rejected section=xdp
    r6 = r1
    r0 = *(u8 *)skb[0]
    exit
