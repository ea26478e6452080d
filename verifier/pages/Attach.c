// A program or attach type that does not exist or does not fit.
//
// A program is loaded for a type and mostly for an attach type, which SEC()
// names, and some for a function or a member of a kernel struct. The three
// must fit: not every member of a struct_ops can be a program, and its
// programs need a licence compatible with the GPL.
//
// Look the section name up in the list of libbpf's documentation ("Program
// Types and ELF Sections"). Leave out members that the kernel does not let
// programs implement; it uses its own then.
//
// Linux answers ENOTSUPP:
//     attach to unsupported member get_info of struct tcp_congestion_ops

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

struct sock;
struct tcp_congestion_ops {
	__u32 (*ssthresh)(struct sock *sk);
	unsigned long (*get_info)(struct sock *sk, __u32 ext, int *attr, void *info);
	char name[16];
};

SEC("struct_ops")
unsigned long BPF_PROG(rejected, struct sock *sk, __u32 ext, int *attr, void *info)
{
	return 0;
}

SEC("struct_ops")
__u32 BPF_PROG(mended, struct sock *sk)
{
	return 10;
}

SEC(".struct_ops")
struct tcp_congestion_ops ops = {
	.ssthresh = (void *)mended,
	.get_info = (void *)rejected, /* is not for programs */
	.name = "example",
};
