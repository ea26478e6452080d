// SPDX-License-Identifier: MIT OR GPL-2.0-only
// Configuration values and symbols of the kernel.
#include "bpf.h"

#define KCONFIG __attribute__((section(".kconfig")))
#define KSYM __attribute__((section(".ksyms")))

enum libbpf_tristate { TRI_NO = 0, TRI_YES = 1, TRI_MODULE = 2 };

extern u32 LINUX_KERNEL_VERSION KCONFIG;
extern bool LINUX_HAS_BPF_COOKIE KCONFIG WEAK;
extern u32 CONFIG_SKEP_NUMBER KCONFIG;
extern s64 CONFIG_SKEP_NEGATIVE KCONFIG;
extern bool CONFIG_SKEP_YES KCONFIG;
extern enum libbpf_tristate CONFIG_SKEP_MODULE KCONFIG;
extern char CONFIG_SKEP_LETTER KCONFIG;
extern char CONFIG_SKEP_TEXT[8] KCONFIG;
extern u32 CONFIG_SKEP_MISSING KCONFIG WEAK;

struct rq { int clock; };
extern const struct rq runqueues KSYM;
extern const void init_task KSYM;
extern const void skep_missing KSYM WEAK;
extern const int skep_missing_int KSYM WEAK;
extern void *bpf_cast_to_kern_ctx(void *ctx) KSYM;
extern void skep_missing_kfunc(void) KSYM WEAK;
extern void skep_strict_kfunc(void) KSYM;

SEC("xdp") int read_config(struct xdp_md *ctx)
{
	if (LINUX_KERNEL_VERSION < 0x060000 || !LINUX_HAS_BPF_COOKIE)
		return 0;
	if (CONFIG_SKEP_YES && CONFIG_SKEP_MODULE == TRI_MODULE && CONFIG_SKEP_NEGATIVE < 0)
		return CONFIG_SKEP_NUMBER + CONFIG_SKEP_TEXT[1] + CONFIG_SKEP_LETTER;
	return CONFIG_SKEP_MISSING;
}

u64 addresses[2];

SEC("tc") int use_symbols(void *ctx)
{
	if (&skep_missing || &skep_missing_int)
		return 1;
	if (skep_missing_kfunc)
		skep_missing_kfunc();
	addresses[0] = (u64)&runqueues;
	addresses[1] = (u64)&init_task;
	return !bpf_cast_to_kern_ctx(ctx);
}

SEC("tc") int needs_missing(void *ctx)
{
	skep_strict_kfunc();
	return 0;
}
