// Arguments that do not fit a global function's prototype.
//
// A global function (one without static) is verified once, alone, by what its
// prototype and the tags of its arguments promise, and every call must then
// keep the promise: pointers to as much memory as the type has, contexts, not
// NULL where the tag says so.
//
// Make the argument fit, for instance by a test for NULL before the call, or
// make the function static: then it is verified again at every call, with the
// very values it gets.
//
// Linux answers EINVAL:
//     arg#0 is expected to be non-NULL

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

#ifndef __arg_nonnull /* libbpf 1.4 has it */
#define __arg_nonnull __attribute__((btf_decl_tag("arg:nonnull")))
#endif

struct count {
	__u64 packets, bytes;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, struct count);
} counts SEC(".maps");

__noinline int add(struct count *c __arg_nonnull, int bytes)
{
	c->packets++;
	c->bytes += bytes;
	return 0;
}

SEC("tc")
int rejected(struct __sk_buff *skb)
{
	__u32 key = skb->ifindex;
	struct count *c = bpf_map_lookup_elem(&counts, &key);

	return add(c, skb->len); /* c may be NULL */
}

SEC("tc")
int mended(struct __sk_buff *skb)
{
	__u32 key = skb->ifindex;
	struct count *c = bpf_map_lookup_elem(&counts, &key);

	if (!c)
		return 0;
	return add(c, skb->len);
}
