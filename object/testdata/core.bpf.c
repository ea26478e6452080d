// SPDX-License-Identifier: MIT OR GPL-2.0-only
// Every kind of CO-RE relocation. core_target.bpf.c has the kernel's side.
#include "bpf.h"

#define CORE __attribute__((preserve_access_index))

struct nested { int a; struct { int b; }; } CORE;

struct task___ours {
	int pid;
	struct nested inner;
	int list[4];
	u32 narrow;
	int absent;
	unsigned low : 3, high : 5;
	char flexible[];
} CORE;

struct gone { int x; } CORE;

enum color { RED = 1, GREEN = 2, BLUE = 3 };

struct result { u64 v[20]; } out;

enum { EXISTS = 2, SIZE = 1, OFFSET = 0, SIGNED = 3, LSHIFT = 4, RSHIFT = 5 };

#define FIELD(p, f, kind) __builtin_preserve_field_info((p)->f, kind)

SEC("raw_tp/sys_enter") int fields(struct task___ours *t)
{
	out.v[0] = t->pid;
	out.v[1] = t->inner.b;
	out.v[2] = t->list[2];
	out.v[3] = t->narrow;
	out.v[4] = FIELD(t, absent, EXISTS) ? t->absent : 99;
	out.v[5] = FIELD(t, high, OFFSET);
	out.v[6] = FIELD(t, high, SIZE);
	out.v[7] = FIELD(t, high, LSHIFT);
	out.v[8] = FIELD(t, high, RSHIFT);
	out.v[9] = FIELD(t, high, SIGNED);
	out.v[10] = FIELD(t, pid, EXISTS);
	out.v[11] = (u64)&t->flexible[3] - (u64)t;
	return 0;
}

SEC("raw_tp/sys_enter") int types(void *ctx)
{
	out.v[0] = __builtin_preserve_type_info(*(struct gone *)0, 0);
	out.v[1] = __builtin_preserve_type_info(*(struct task___ours *)0, 0);
	out.v[2] = __builtin_preserve_type_info(*(struct task___ours *)0, 1);
	out.v[3] = __builtin_preserve_type_info(*(struct gone *)0, 1);
	out.v[4] = __builtin_btf_type_id(*(struct task___ours *)0, 0);
	out.v[5] = __builtin_btf_type_id(*(struct task___ours *)0, 1);
	out.v[6] = __builtin_preserve_enum_value(*(enum color *)GREEN, 0);
	out.v[7] = __builtin_preserve_enum_value(*(enum color *)GREEN, 1);
	out.v[8] = __builtin_preserve_enum_value(*(enum color *)BLUE, 0);
	out.v[9] = __builtin_preserve_type_info(*(struct nested *)0, 2);
	return 0;
}

SEC("raw_tp/sys_enter") int poisoned(struct gone *g)
{
	return g->x;
}

SEC("raw_tp/sys_enter") int untouched(void *ctx)
{
	return 0;
}
