// SPDX-License-Identifier: MIT OR GPL-2.0-only
// The types that core.bpf.c is held against.
#include "bpf.h"

struct nested { int a; long pad; struct { long more; int b; }; };

struct task {
	long before;
	int pid;
	int list[8];
	u64 narrow;
	struct nested inner;
	unsigned other : 7, low : 3;
	signed high : 9;
	char flexible[];
};

enum color { RED = 10, GREEN = 20 };

struct task *task;
enum color color;

int uses(void *ctx)
{
	return task->pid + color;
}
