// SPDX-License-Identifier: MIT OR GPL-2.0-only
// What cilium/ebpf's reader leaves to its loader: configuration, kernel
// functions and symbols.
#include "bpf.h"

extern u32 LINUX_KERNEL_VERSION __attribute__((section(".kconfig")));
extern u8 CONFIG_SKEP_LETTER __attribute__((section(".kconfig")));
extern void init_task __attribute__((section(".ksyms")));
extern void skep_missing __attribute__((section(".ksyms"))) WEAK;
extern void *bpf_cast_to_kern_ctx(void *ctx) __attribute__((section(".ksyms")));
extern void skep_missing_kfunc(void) __attribute__((section(".ksyms"))) WEAK;

u64 out[4];

SEC("tc") int uses_kernel(void *ctx)
{
	out[0] = LINUX_KERNEL_VERSION + CONFIG_SKEP_LETTER;
	out[1] = (u64)&init_task;
	out[2] = (u64)&skep_missing;
	if (out[0])
		skep_missing_kfunc();
	return !bpf_cast_to_kern_ctx(ctx);
}
