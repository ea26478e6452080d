// An access outside the context's fields.
//
// The context is not memory but a list of fields: struct __sk_buff, struct
// xdp_md and their like are rewritten to reads of the kernel's own structs.
// Each field has its size, may be writable or not, and may exist for some
// program types only. There is nothing behind the fields or between them.
//
// Look the field up for the program type. Of tracing programs (fentry, tp_btf,
// lsm), this says that the argument does not exist: compare the BPF_PROG line
// with the target's prototype.
//
// Linux answers EACCES:
//     invalid bpf_context access off=76 size=4

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

SEC("socket")
int rejected(struct __sk_buff *skb)
{
	return skb->data_end - skb->data; /* socket filters have neither */
}

SEC("socket")
int mended(struct __sk_buff *skb)
{
	return skb->len;
}
