package abi

// taskKfuncs are the kernel functions for tasks, cgroups, files and keys.
var taskKfuncs = []Kfunc{
	{
		Name: "bpf_cgroup_acquire",
		Args: []KfuncArg{
			{Name: "cgrp", Type: "struct cgroup *", Kind: KindBTF, Struct: "cgroup"},
		},
		Ret:   KfuncArg{Type: "struct cgroup *", Kind: KindBTF, Struct: "cgroup"},
		Flags: KfAcquire | KfRCU | KfRetNull,
		Progs: genericKfuncProgs,
		Since: 6<<8 | 2,
	},
	{
		Name: "bpf_cgroup_ancestor",
		Args: []KfuncArg{
			{Name: "cgrp", Type: "struct cgroup *", Kind: KindBTF, Struct: "cgroup"},
			{Name: "level", Type: "int", Kind: KindScalar, Size: 4},
		},
		Ret:   KfuncArg{Type: "struct cgroup *", Kind: KindBTF, Struct: "cgroup"},
		Flags: KfAcquire | KfRCU | KfRetNull,
		Progs: genericKfuncProgs,
		Since: 6<<8 | 2,
	},
	{
		Name: "bpf_cgroup_from_id",
		Args: []KfuncArg{
			{Name: "cgid", Type: "u64", Kind: KindScalar, Size: 8},
		},
		Ret:   KfuncArg{Type: "struct cgroup *", Kind: KindBTF, Struct: "cgroup"},
		Flags: KfAcquire | KfRetNull,
		Progs: genericKfuncProgs,
		Since: 6<<8 | 4,
	},
	{
		Name: "bpf_cgroup_read_xattr",
		Args: []KfuncArg{
			{Name: "cgroup", Type: "struct cgroup *", Kind: KindBTF, Struct: "cgroup"},
			{Name: "name__str", Type: "const char *", Kind: KindStr, Const: true},
			{Name: "value_p", Type: "struct bpf_dynptr *", Kind: KindDynptr},
		},
		Ret:   KfuncArg{Type: "int", Kind: KindScalar, Size: 4},
		Flags: KfRCU,
		Progs: everyKfuncProg,
		Since: 6<<8 | 17,
	},
	{
		Name: "bpf_cgroup_release",
		Args: []KfuncArg{
			{Name: "cgrp", Type: "struct cgroup *", Kind: KindBTF, Struct: "cgroup"},
		},
		Flags: KfRelease,
		Progs: genericKfuncProgs,
		Since: 6<<8 | 2,
	},
	{
		Name: "bpf_get_dentry_xattr",
		Args: []KfuncArg{
			{Name: "dentry", Type: "struct dentry *", Kind: KindBTF, Struct: "dentry"},
			{Name: "name__str", Type: "const char *", Kind: KindStr, Const: true},
			{Name: "value_p", Type: "struct bpf_dynptr *", Kind: KindDynptr},
		},
		Ret:   KfuncArg{Type: "int", Kind: KindScalar, Size: 4},
		Flags: KfSleepable | KfTrustedArgs,
		Progs: 1 << LSM,
		Since: 6<<8 | 12,
	},
	{
		Name: "bpf_get_file_xattr",
		Args: []KfuncArg{
			{Name: "file", Type: "struct file *", Kind: KindBTF, Struct: "file"},
			{Name: "name__str", Type: "const char *", Kind: KindStr, Const: true},
			{Name: "value_p", Type: "struct bpf_dynptr *", Kind: KindDynptr},
		},
		Ret:   KfuncArg{Type: "int", Kind: KindScalar, Size: 4},
		Flags: KfSleepable | KfTrustedArgs,
		Progs: 1 << LSM,
		Since: 6<<8 | 8,
	},
	{
		Name: "bpf_get_kmem_cache",
		Args: []KfuncArg{
			{Name: "addr", Type: "u64", Kind: KindScalar, Size: 8},
		},
		Ret:   KfuncArg{Type: "struct kmem_cache *", Kind: KindBTF, Struct: "kmem_cache"},
		Progs: everyKfuncProg,
		Since: 6<<8 | 13,
	},
	{
		Name: "bpf_key_put",
		Args: []KfuncArg{
			{Name: "bkey", Type: "struct bpf_key *", Kind: KindBTF, Struct: "bpf_key"},
		},
		Flags: KfRelease,
		Progs: genericKfuncProgs,
		Since: 6<<8 | 1,
	},
	{
		Name: "bpf_lookup_system_key",
		Args: []KfuncArg{
			{Name: "id", Type: "u64", Kind: KindScalar, Size: 8},
		},
		Ret:   KfuncArg{Type: "struct bpf_key *", Kind: KindBTF, Struct: "bpf_key"},
		Flags: KfAcquire | KfRetNull,
		Progs: genericKfuncProgs,
		Since: 6<<8 | 1,
	},
	{
		Name: "bpf_lookup_user_key",
		Args: []KfuncArg{
			{Name: "serial", Type: "s32", Kind: KindScalar, Size: 4},
			{Name: "flags", Type: "u64", Kind: KindScalar, Size: 8},
		},
		Ret:   KfuncArg{Type: "struct bpf_key *", Kind: KindBTF, Struct: "bpf_key"},
		Flags: KfAcquire | KfRetNull | KfSleepable,
		Progs: genericKfuncProgs,
		Since: 6<<8 | 1,
	},
	{
		Name: "bpf_path_d_path",
		Args: []KfuncArg{
			{Name: "path", Type: "const struct path *", Kind: KindBTF, Struct: "path", Const: true},
			{Name: "buf", Type: "char *", Kind: KindMem},
			{Name: "buf__sz", Type: "size_t", Kind: KindSize, Size: 8},
		},
		Ret:   KfuncArg{Type: "int", Kind: KindScalar, Size: 4},
		Flags: KfTrustedArgs,
		Progs: 1 << LSM,
		Since: 6<<8 | 12,
	},
	{
		Name: "bpf_put_file",
		Args: []KfuncArg{
			{Name: "file", Type: "struct file *", Kind: KindBTF, Struct: "file"},
		},
		Flags: KfRelease,
		Progs: 1 << LSM,
		Since: 6<<8 | 12,
	},
	{
		Name: "bpf_remove_dentry_xattr",
		Args: []KfuncArg{
			{Name: "dentry", Type: "struct dentry *", Kind: KindBTF, Struct: "dentry"},
			{Name: "name__str", Type: "const char *", Kind: KindStr, Const: true},
		},
		Ret:   KfuncArg{Type: "int", Kind: KindScalar, Size: 4},
		Flags: KfSleepable | KfTrustedArgs,
		Progs: 1 << LSM,
		Since: 6<<8 | 15,
	},
	{
		Name: "bpf_send_signal_task",
		Args: []KfuncArg{
			{Name: "task", Type: "struct task_struct *", Kind: KindBTF, Struct: "task_struct"},
			{Name: "sig", Type: "int", Kind: KindScalar, Size: 4},
			{Name: "type", Type: "enum pid_type", Kind: KindScalar, Size: 4},
			{Name: "value", Type: "u64", Kind: KindScalar, Size: 8},
		},
		Ret:   KfuncArg{Type: "int", Kind: KindScalar, Size: 4},
		Flags: KfTrustedArgs,
		Progs: genericKfuncProgs,
		Since: 6<<8 | 13,
	},
	{
		Name:   "bpf_session_cookie",
		Ret:    KfuncArg{Type: "__u64 *", Kind: KindFixedMem, Size: 8},
		Progs:  1 << Kprobe,
		Attach: map[ProgType][]AttachType{Kprobe: sessionAttach},
		Since:  6<<8 | 10,
	},
	{
		Name:   "bpf_session_is_return",
		Ret:    KfuncArg{Type: "bool", Kind: KindScalar, Size: 1},
		Progs:  1 << Kprobe,
		Attach: map[ProgType][]AttachType{Kprobe: sessionAttach},
		Since:  6<<8 | 10,
	},
	{
		Name: "bpf_set_dentry_xattr",
		Args: []KfuncArg{
			{Name: "dentry", Type: "struct dentry *", Kind: KindBTF, Struct: "dentry"},
			{Name: "name__str", Type: "const char *", Kind: KindStr, Const: true},
			{Name: "value_p", Type: "const struct bpf_dynptr *", Kind: KindDynptr, Const: true},
			{Name: "flags", Type: "int", Kind: KindScalar, Size: 4},
		},
		Ret:   KfuncArg{Type: "int", Kind: KindScalar, Size: 4},
		Flags: KfSleepable | KfTrustedArgs,
		Progs: 1 << LSM,
		Since: 6<<8 | 15,
	},
	{
		Name: "css_rstat_flush",
		Args: []KfuncArg{
			{Name: "css", Type: "struct cgroup_subsys_state *", Kind: KindBTF, Struct: "cgroup_subsys_state"},
		},
		Flags: KfSleepable,
		Progs: traceHookProgs,
		Since: 6<<8 | 16,
	},
	{
		Name: "css_rstat_updated",
		Args: []KfuncArg{
			{Name: "css", Type: "struct cgroup_subsys_state *", Kind: KindBTF, Struct: "cgroup_subsys_state"},
			{Name: "cpu", Type: "int", Kind: KindScalar, Size: 4},
		},
		Progs: traceHookProgs,
		Since: 6<<8 | 16,
	},
}
