// SPDX-License-Identifier: MIT OR GPL-2.0-only
// What the test programs share: types, sections and map definitions.
#pragma once

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef int s32;
typedef unsigned long long u64;
typedef long long s64;
typedef _Bool bool;

#define SEC(name) __attribute__((section(name), used))
#define TAG(text) __attribute__((btf_decl_tag(text)))
#define NOINLINE __attribute__((noinline))
#define WEAK __attribute__((weak))
#define HIDDEN __attribute__((visibility("hidden")))

// Members of a map definition: numbers, types, initial values.
#define NUM(name, n) int (*name)[n]
#define TYPE(name, t) __typeof__(t) *name
#define VALUES(t) __typeof__(t) *values[]
#define WIDE(name, n) enum { name##_value = n } name

enum { HASH = 1, ARRAY = 2, PROG_ARRAY = 3, LRU_PERCPU_HASH = 10, ARRAY_OF_MAPS = 12,
       HASH_OF_MAPS = 13, STRUCT_OPS = 26, RINGBUF = 27, BLOOM = 30, ARENA = 33 };

static void *(*map_lookup)(void *map, const void *key) = (void *)1;
static u64 (*ktime)(void) = (void *)5;
static long (*trace)(const char *fmt, u32 size, ...) = (void *)6;
static u32 (*cpu_id)(void) = (void *)8;
static long (*tail_call)(void *ctx, void *map, u32 index) = (void *)12;
static long (*probe_read)(void *dst, u32 size, const void *src) = (void *)113;
static long (*loop)(u32 n, void *fn, void *arg, u64 flags) = (void *)181;

struct xdp_md {
	u32 data, data_end, data_meta, ingress_ifindex, rx_queue_index, egress_ifindex;
};

char program_license[] SEC("license") = "Dual MIT/GPL";
