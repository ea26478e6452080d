// An access outside the stack, or misaligned for a saved pointer.
//
// A frame has 512 bytes, from R10-512 to R10-1. A direct access, and memory
// that a helper reads or fills, must lie inside of it as a whole, for every
// value that an index can have. A pointer that was saved to the stack is read
// back as eight aligned bytes.
//
// In C this is an array that is too small for what is asked: give helpers
// sizeof(buf), and bound an index by the array's length.
//
// Linux answers EINVAL:
//     invalid write to stack R1 off=-8 size=16

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

SEC("tracepoint/syscalls/sys_enter_open")
int rejected(void *ctx)
{
	char name[8];

	bpf_get_current_comm(name, 16);
	return name[0];
}

SEC("tracepoint/syscalls/sys_enter_open")
int mended(void *ctx)
{
	char name[16];

	bpf_get_current_comm(name, sizeof(name));
	return name[0];
}
