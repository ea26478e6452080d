// The program type must not access the packet.
//
// Each program type has its rights on packet data: cgroup_skb programs, flow
// dissectors and most lightweight tunnels may read it only, since others may
// share the packet at their hook. Socket filters reach it through helpers
// alone.
//
// Use bpf_skb_load_bytes to read, and bpf_skb_store_bytes to write where the
// type has it. Programs that change packets belong at tc or XDP.
//
// Linux answers EACCES:
//     cannot write into packet

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

SEC("cgroup_skb/ingress")
int rejected(struct __sk_buff *skb)
{
	unsigned char *data = (void *)(long)skb->data;
	unsigned char *data_end = (void *)(long)skb->data_end;

	if (data + 1 <= data_end)
		data[0] = 0;
	return 1;
}

SEC("tc")
int mended(struct __sk_buff *skb)
{
	unsigned char *data = (void *)(long)skb->data;
	unsigned char *data_end = (void *)(long)skb->data_end;

	if (data + 1 <= data_end)
		data[0] = 0;
	return 0;
}
