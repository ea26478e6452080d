; The program type must not access the packet.
;
; Use bpf_skb_load_bytes or bpf_skb_store_bytes where the type has them.

.license "GPL"
.program rejected section=cgroup_skb/ingress
    r2 = *(u32 *)(r1 +76)
    r3 = *(u32 *)(r1 +80)
    r4 = r2
    r4 += 8
    r0 = 1
    if r4 > r3 goto out
    *(u8 *)(r2 +0) = 1
out:
    exit
