// SPDX-License-Identifier: MIT OR GPL-2.0-only
// Sections and the program types they mean.
#include "bpf.h"

#define PROG(name, section) SEC(section) int name(void *ctx) { return 0; }

PROG(optional, "?xdp")
PROG(fragments, "xdp.frags")
PROG(devmap, "xdp/devmap")
PROG(unknown, "my_own/section")
PROG(probe, "kprobe/do_unlinkat")
PROG(sleeps, "uprobe.s/bin:func")
PROG(traced, "tp/sched/sched_switch")
PROG(entry, "fentry/vfs_read")
PROG(hook, "lsm.s/file_open")
PROG(bind4, "cgroup/bind4")
PROG(iterate, "iter/task")
PROG(call, "syscall")
