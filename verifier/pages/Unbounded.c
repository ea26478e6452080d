// An access at an offset that is not bounded.
//
// The offset comes from a number that may be negative, or as large as it
// likes. The verifier must know both bounds of it before the access. Signed
// types are the usual cause: "if (i < 16)" leaves every negative number.
//
// Use unsigned types for indices and lengths, and compare before the access,
// in the same width: a __u64 that was compared as a __u32 keeps its upper
// half. If the compiler compares another copy, barrier_var(i) before the test
// or a mask (i & 15) helps.
//
// Linux answers EACCES:
//     R0 min value is negative, either use unsigned index or do a if (index >=0) check.

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

struct table {
	__u8 slot[16];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct table);
} tables SEC(".maps");

SEC("tc")
int rejected(struct __sk_buff *skb)
{
	__u32 key = 0;
	__s32 i = skb->len / 64 - 1;
	struct table *t = bpf_map_lookup_elem(&tables, &key);

	if (!t || i >= 16) /* -1 passes */
		return 0;
	t->slot[i]++;
	return 0;
}

SEC("tc")
int mended(struct __sk_buff *skb)
{
	__u32 key = 0;
	__u32 i = skb->len / 64 - 1;
	struct table *t = bpf_map_lookup_elem(&tables, &key);

	if (!t || i >= 16)
		return 0;
	t->slot[i]++;
	return 0;
}
