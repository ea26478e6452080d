// A write to read-only memory.
//
// Sockets and other objects of the kernel, memory that a helper hands out for
// reading, and what a const argument points to must not be written: the kernel
// relies on them.
//
// Change what can be changed through the helper that exists for it, such as
// bpf_setsockopt for a socket. Keep your own notes on an object in a local
// storage map (BPF_MAP_TYPE_SK_STORAGE, _TASK_STORAGE).
//
// Linux answers EACCES:
//     R1 cannot write into sock_common

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

SEC("tc")
int rejected(struct __sk_buff *skb)
{
	struct bpf_sock *sk = skb->sk;

	if (sk)
		sk->mark = 7;
	return 0;
}

SEC("tc")
int mended(struct __sk_buff *skb)
{
	skb->mark = 7;
	return 0;
}
