// A pointer moved by an amount that is not bounded.
//
// A pointer may be moved by a number that the verifier does not know only if
// the number's bounds are below 2^29 in both directions. Larger ones could
// carry the pointer around the end of the address space, past every later
// test.
//
// Bound the amount before it is added, not the pointer after it: "if (n > MAX)
// return 0; p += n;". Use unsigned types; a signed number has no lower bound
// until it is compared with one.
//
// Linux answers EINVAL:
//     math between map_value pointer and register with unbounded min value is not allowed

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
	__s64 i = skb->tstamp;
	struct table *t = bpf_map_lookup_elem(&tables, &key);

	if (!t || i >= 16) /* any negative number passes */
		return 0;
	t->slot[i]++;
	return 0;
}

SEC("tc")
int mended(struct __sk_buff *skb)
{
	__u32 key = 0;
	__u64 i = skb->tstamp;
	struct table *t = bpf_map_lookup_elem(&tables, &key);

	if (!t || i >= 16)
		return 0;
	t->slot[i]++;
	return 0;
}
