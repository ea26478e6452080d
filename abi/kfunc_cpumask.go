package abi

// cpumaskKfuncs are the kernel functions for CPU masks.
var cpumaskKfuncs = []Kfunc{
	{
		Name: "bpf_cpumask_acquire",
		Args: []KfuncArg{
			{Name: "cpumask", Type: "struct bpf_cpumask *", Kind: KindBTF, Struct: "bpf_cpumask"},
		},
		Ret:   KfuncArg{Type: "struct bpf_cpumask *", Kind: KindBTF, Struct: "bpf_cpumask"},
		Flags: KfAcquire | KfTrustedArgs,
		Progs: traceHookProgs | 1<<StructOps | 1<<Syscall,
		Since: 6<<8 | 3,
	},
	{
		Name: "bpf_cpumask_and",
		Args: []KfuncArg{
			{Name: "dst", Type: "struct bpf_cpumask *", Kind: KindBTF, Struct: "bpf_cpumask"},
			{Name: "src1", Type: "const struct cpumask *", Kind: KindBTF, Struct: "cpumask", Const: true},
			{Name: "src2", Type: "const struct cpumask *", Kind: KindBTF, Struct: "cpumask", Const: true},
		},
		Ret:   KfuncArg{Type: "bool", Kind: KindScalar, Size: 1},
		Flags: KfRCU,
		Progs: traceHookProgs | 1<<StructOps | 1<<Syscall,
		Since: 6<<8 | 3,
	},
	{
		Name: "bpf_cpumask_any_and_distribute",
		Args: []KfuncArg{
			{Name: "src1", Type: "const struct cpumask *", Kind: KindBTF, Struct: "cpumask", Const: true},
			{Name: "src2", Type: "const struct cpumask *", Kind: KindBTF, Struct: "cpumask", Const: true},
		},
		Ret:   KfuncArg{Type: "u32", Kind: KindScalar, Size: 4},
		Flags: KfRCU,
		Progs: traceHookProgs | 1<<StructOps | 1<<Syscall,
		Since: 6<<8 | 5,
	},
	{
		Name: "bpf_cpumask_any_distribute",
		Args: []KfuncArg{
			{Name: "cpumask", Type: "const struct cpumask *", Kind: KindBTF, Struct: "cpumask", Const: true},
		},
		Ret:   KfuncArg{Type: "u32", Kind: KindScalar, Size: 4},
		Flags: KfRCU,
		Progs: traceHookProgs | 1<<StructOps | 1<<Syscall,
		Since: 6<<8 | 5,
	},
	{
		Name: "bpf_cpumask_clear",
		Args: []KfuncArg{
			{Name: "cpumask", Type: "struct bpf_cpumask *", Kind: KindBTF, Struct: "bpf_cpumask"},
		},
		Flags: KfRCU,
		Progs: traceHookProgs | 1<<StructOps | 1<<Syscall,
		Since: 6<<8 | 3,
	},
	{
		Name: "bpf_cpumask_clear_cpu",
		Args: []KfuncArg{
			{Name: "cpu", Type: "u32", Kind: KindScalar, Size: 4},
			{Name: "cpumask", Type: "struct bpf_cpumask *", Kind: KindBTF, Struct: "bpf_cpumask"},
		},
		Flags: KfRCU,
		Progs: traceHookProgs | 1<<StructOps | 1<<Syscall,
		Since: 6<<8 | 3,
	},
	{
		Name: "bpf_cpumask_copy",
		Args: []KfuncArg{
			{Name: "dst", Type: "struct bpf_cpumask *", Kind: KindBTF, Struct: "bpf_cpumask"},
			{Name: "src", Type: "const struct cpumask *", Kind: KindBTF, Struct: "cpumask", Const: true},
		},
		Flags: KfRCU,
		Progs: traceHookProgs | 1<<StructOps | 1<<Syscall,
		Since: 6<<8 | 3,
	},
	{
		Name:  "bpf_cpumask_create",
		Ret:   KfuncArg{Type: "struct bpf_cpumask *", Kind: KindBTF, Struct: "bpf_cpumask"},
		Flags: KfAcquire | KfRetNull,
		Progs: traceHookProgs | 1<<StructOps | 1<<Syscall,
		Since: 6<<8 | 3,
	},
	{
		Name: "bpf_cpumask_empty",
		Args: []KfuncArg{
			{Name: "cpumask", Type: "const struct cpumask *", Kind: KindBTF, Struct: "cpumask", Const: true},
		},
		Ret:   KfuncArg{Type: "bool", Kind: KindScalar, Size: 1},
		Flags: KfRCU,
		Progs: traceHookProgs | 1<<StructOps | 1<<Syscall,
		Since: 6<<8 | 3,
	},
	{
		Name: "bpf_cpumask_equal",
		Args: []KfuncArg{
			{Name: "src1", Type: "const struct cpumask *", Kind: KindBTF, Struct: "cpumask", Const: true},
			{Name: "src2", Type: "const struct cpumask *", Kind: KindBTF, Struct: "cpumask", Const: true},
		},
		Ret:   KfuncArg{Type: "bool", Kind: KindScalar, Size: 1},
		Flags: KfRCU,
		Progs: traceHookProgs | 1<<StructOps | 1<<Syscall,
		Since: 6<<8 | 3,
	},
	{
		Name: "bpf_cpumask_first",
		Args: []KfuncArg{
			{Name: "cpumask", Type: "const struct cpumask *", Kind: KindBTF, Struct: "cpumask", Const: true},
		},
		Ret:   KfuncArg{Type: "u32", Kind: KindScalar, Size: 4},
		Flags: KfRCU,
		Progs: traceHookProgs | 1<<StructOps | 1<<Syscall,
		Since: 6<<8 | 3,
	},
	{
		Name: "bpf_cpumask_first_and",
		Args: []KfuncArg{
			{Name: "src1", Type: "const struct cpumask *", Kind: KindBTF, Struct: "cpumask", Const: true},
			{Name: "src2", Type: "const struct cpumask *", Kind: KindBTF, Struct: "cpumask", Const: true},
		},
		Ret:   KfuncArg{Type: "u32", Kind: KindScalar, Size: 4},
		Flags: KfRCU,
		Progs: traceHookProgs | 1<<StructOps | 1<<Syscall,
		Since: 6<<8 | 5,
	},
	{
		Name: "bpf_cpumask_first_zero",
		Args: []KfuncArg{
			{Name: "cpumask", Type: "const struct cpumask *", Kind: KindBTF, Struct: "cpumask", Const: true},
		},
		Ret:   KfuncArg{Type: "u32", Kind: KindScalar, Size: 4},
		Flags: KfRCU,
		Progs: traceHookProgs | 1<<StructOps | 1<<Syscall,
		Since: 6<<8 | 3,
	},
	{
		Name: "bpf_cpumask_full",
		Args: []KfuncArg{
			{Name: "cpumask", Type: "const struct cpumask *", Kind: KindBTF, Struct: "cpumask", Const: true},
		},
		Ret:   KfuncArg{Type: "bool", Kind: KindScalar, Size: 1},
		Flags: KfRCU,
		Progs: traceHookProgs | 1<<StructOps | 1<<Syscall,
		Since: 6<<8 | 3,
	},
	{
		Name: "bpf_cpumask_intersects",
		Args: []KfuncArg{
			{Name: "src1", Type: "const struct cpumask *", Kind: KindBTF, Struct: "cpumask", Const: true},
			{Name: "src2", Type: "const struct cpumask *", Kind: KindBTF, Struct: "cpumask", Const: true},
		},
		Ret:   KfuncArg{Type: "bool", Kind: KindScalar, Size: 1},
		Flags: KfRCU,
		Progs: traceHookProgs | 1<<StructOps | 1<<Syscall,
		Since: 6<<8 | 3,
	},
	{
		Name: "bpf_cpumask_or",
		Args: []KfuncArg{
			{Name: "dst", Type: "struct bpf_cpumask *", Kind: KindBTF, Struct: "bpf_cpumask"},
			{Name: "src1", Type: "const struct cpumask *", Kind: KindBTF, Struct: "cpumask", Const: true},
			{Name: "src2", Type: "const struct cpumask *", Kind: KindBTF, Struct: "cpumask", Const: true},
		},
		Flags: KfRCU,
		Progs: traceHookProgs | 1<<StructOps | 1<<Syscall,
		Since: 6<<8 | 3,
	},
	{
		Name: "bpf_cpumask_populate",
		Args: []KfuncArg{
			{Name: "cpumask", Type: "struct cpumask *", Kind: KindBTF, Struct: "cpumask"},
			{Name: "src", Type: "void *", Kind: KindMem},
			{Name: "src__sz", Type: "size_t", Kind: KindSize, Size: 8},
		},
		Ret:   KfuncArg{Type: "int", Kind: KindScalar, Size: 4},
		Flags: KfRCU,
		Progs: traceHookProgs | 1<<StructOps | 1<<Syscall,
		Since: 6<<8 | 15,
	},
	{
		Name: "bpf_cpumask_release",
		Args: []KfuncArg{
			{Name: "cpumask", Type: "struct bpf_cpumask *", Kind: KindBTF, Struct: "bpf_cpumask"},
		},
		Flags: KfRelease,
		Progs: traceHookProgs | 1<<StructOps | 1<<Syscall,
		Since: 6<<8 | 3,
	},
	{
		Name: "bpf_cpumask_set_cpu",
		Args: []KfuncArg{
			{Name: "cpu", Type: "u32", Kind: KindScalar, Size: 4},
			{Name: "cpumask", Type: "struct bpf_cpumask *", Kind: KindBTF, Struct: "bpf_cpumask"},
		},
		Flags: KfRCU,
		Progs: traceHookProgs | 1<<StructOps | 1<<Syscall,
		Since: 6<<8 | 3,
	},
	{
		Name: "bpf_cpumask_setall",
		Args: []KfuncArg{
			{Name: "cpumask", Type: "struct bpf_cpumask *", Kind: KindBTF, Struct: "bpf_cpumask"},
		},
		Flags: KfRCU,
		Progs: traceHookProgs | 1<<StructOps | 1<<Syscall,
		Since: 6<<8 | 3,
	},
	{
		Name: "bpf_cpumask_subset",
		Args: []KfuncArg{
			{Name: "src1", Type: "const struct cpumask *", Kind: KindBTF, Struct: "cpumask", Const: true},
			{Name: "src2", Type: "const struct cpumask *", Kind: KindBTF, Struct: "cpumask", Const: true},
		},
		Ret:   KfuncArg{Type: "bool", Kind: KindScalar, Size: 1},
		Flags: KfRCU,
		Progs: traceHookProgs | 1<<StructOps | 1<<Syscall,
		Since: 6<<8 | 3,
	},
	{
		Name: "bpf_cpumask_test_and_clear_cpu",
		Args: []KfuncArg{
			{Name: "cpu", Type: "u32", Kind: KindScalar, Size: 4},
			{Name: "cpumask", Type: "struct bpf_cpumask *", Kind: KindBTF, Struct: "bpf_cpumask"},
		},
		Ret:   KfuncArg{Type: "bool", Kind: KindScalar, Size: 1},
		Flags: KfRCU,
		Progs: traceHookProgs | 1<<StructOps | 1<<Syscall,
		Since: 6<<8 | 3,
	},
	{
		Name: "bpf_cpumask_test_and_set_cpu",
		Args: []KfuncArg{
			{Name: "cpu", Type: "u32", Kind: KindScalar, Size: 4},
			{Name: "cpumask", Type: "struct bpf_cpumask *", Kind: KindBTF, Struct: "bpf_cpumask"},
		},
		Ret:   KfuncArg{Type: "bool", Kind: KindScalar, Size: 1},
		Flags: KfRCU,
		Progs: traceHookProgs | 1<<StructOps | 1<<Syscall,
		Since: 6<<8 | 3,
	},
	{
		Name: "bpf_cpumask_test_cpu",
		Args: []KfuncArg{
			{Name: "cpu", Type: "u32", Kind: KindScalar, Size: 4},
			{Name: "cpumask", Type: "const struct cpumask *", Kind: KindBTF, Struct: "cpumask", Const: true},
		},
		Ret:   KfuncArg{Type: "bool", Kind: KindScalar, Size: 1},
		Flags: KfRCU,
		Progs: traceHookProgs | 1<<StructOps | 1<<Syscall,
		Since: 6<<8 | 3,
	},
	{
		Name: "bpf_cpumask_weight",
		Args: []KfuncArg{
			{Name: "cpumask", Type: "const struct cpumask *", Kind: KindBTF, Struct: "cpumask", Const: true},
		},
		Ret:   KfuncArg{Type: "u32", Kind: KindScalar, Size: 4},
		Flags: KfRCU,
		Progs: traceHookProgs | 1<<StructOps | 1<<Syscall,
		Since: 6<<8 | 8,
	},
	{
		Name: "bpf_cpumask_xor",
		Args: []KfuncArg{
			{Name: "dst", Type: "struct bpf_cpumask *", Kind: KindBTF, Struct: "bpf_cpumask"},
			{Name: "src1", Type: "const struct cpumask *", Kind: KindBTF, Struct: "cpumask", Const: true},
			{Name: "src2", Type: "const struct cpumask *", Kind: KindBTF, Struct: "cpumask", Const: true},
		},
		Flags: KfRCU,
		Progs: traceHookProgs | 1<<StructOps | 1<<Syscall,
		Since: 6<<8 | 3,
	},
}
