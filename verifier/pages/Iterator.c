// An iterator misused.
//
// An open-coded iterator is a struct on the stack that three kernel functions
// share: new sets it up, next gives one element after the other and NULL at
// the end, destroy ends it. They must come in this order, with destroy on
// every path, and the program must not touch the struct itself.
//
// Use the macros of bpf_helpers.h, which pair the calls whatever leaves the
// loop: "bpf_for(i, 0, n) { ... }", "bpf_for_each(task, p, ...)".
//
// Linux answers EINVAL:
//     expected an initialized iter_num as arg #0

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

/* struct bpf_iter_num, which headers before Linux 6.4 do not have */
struct bpf_iter_num___own {
	__u64 state;
};

extern int bpf_iter_num_new(struct bpf_iter_num___own *it, int start, int end) __ksym;
extern int *bpf_iter_num_next(struct bpf_iter_num___own *it) __ksym;
extern void bpf_iter_num_destroy(struct bpf_iter_num___own *it) __ksym;

SEC("tc")
int rejected(struct __sk_buff *skb)
{
	struct bpf_iter_num___own it;
	int *i, sum = 0;

	while ((i = bpf_iter_num_next(&it))) /* without new */
		sum += *i;
	bpf_iter_num_destroy(&it);
	return sum;
}

SEC("tc")
int mended(struct __sk_buff *skb)
{
	struct bpf_iter_num___own it;
	int *i, sum = 0;

	bpf_iter_num_new(&it, 0, 10);
	while ((i = bpf_iter_num_next(&it)))
		sum += *i;
	bpf_iter_num_destroy(&it);
	return sum;
}
