; LD_ABS or LD_IND where they are not allowed.
;
; LD_ABS and LD_IND are the packet loads of classic BPF: they read the skb
; that R6 points to, and end the program if the byte is not there. So they
; exist for programs with an skb only, R6 must be the context, and no lock or
; reference may be held, since it would not be given back.
;
; Use bpf_skb_load_bytes, or read the packet directly.
;
; Linux answers EINVAL:
;     BPF_LD_[ABS|IND] instructions not allowed for this program type

.license "GPL"

.program rejected section=xdp
    r6 = r1
    r0 = *(u8 *)skb[0]
    exit

.program mended section=socket
    r6 = r1
    r0 = *(u8 *)skb[0]
    exit
