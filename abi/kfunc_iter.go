package abi

// iterKfuncs are the kernel functions for open-coded iterators.
var iterKfuncs = []Kfunc{
	{
		Name: "bpf_iter_bits_destroy",
		Args: []KfuncArg{
			{Name: "it", Type: "struct bpf_iter_bits *", Kind: KindIter, Struct: "bpf_iter_bits", Size: 16},
		},
		Flags: KfIterDestroy,
		Progs: everyKfuncProg,
		Since: 6<<8 | 11,
	},
	{
		Name: "bpf_iter_bits_new",
		Args: []KfuncArg{
			{Name: "it", Type: "struct bpf_iter_bits *", Kind: KindIter, Struct: "bpf_iter_bits", Size: 16},
			{Name: "unsafe_ptr__ign", Type: "const u64 *", Kind: KindIgnore, Const: true},
			{Name: "nr_words", Type: "u32", Kind: KindScalar, Size: 4},
		},
		Ret:   KfuncArg{Type: "int", Kind: KindScalar, Size: 4},
		Flags: KfIterNew,
		Progs: everyKfuncProg,
		Since: 6<<8 | 11,
	},
	{
		Name: "bpf_iter_bits_next",
		Args: []KfuncArg{
			{Name: "it", Type: "struct bpf_iter_bits *", Kind: KindIter, Struct: "bpf_iter_bits", Size: 16},
		},
		Ret:   KfuncArg{Type: "int *", Kind: KindFixedMem, Size: 4, Const: true},
		Flags: KfIterNext | KfRetNull,
		Progs: everyKfuncProg,
		Since: 6<<8 | 11,
	},
	{
		Name: "bpf_iter_css_destroy",
		Args: []KfuncArg{
			{Name: "it", Type: "struct bpf_iter_css *", Kind: KindIter, Struct: "bpf_iter_css", Size: 24},
		},
		Flags: KfIterDestroy,
		Progs: everyKfuncProg,
		Since: 6<<8 | 7,
	},
	{
		Name: "bpf_iter_css_new",
		Args: []KfuncArg{
			{Name: "it", Type: "struct bpf_iter_css *", Kind: KindIter, Struct: "bpf_iter_css", Size: 24},
			{Name: "start", Type: "struct cgroup_subsys_state *", Kind: KindBTF, Struct: "cgroup_subsys_state"},
			{Name: "flags", Type: "unsigned int", Kind: KindScalar, Size: 4},
		},
		Ret:   KfuncArg{Type: "int", Kind: KindScalar, Size: 4},
		Flags: KfIterNew | KfTrustedArgs | KfRCUProtected,
		Progs: everyKfuncProg,
		Since: 6<<8 | 7,
	},
	{
		Name: "bpf_iter_css_next",
		Args: []KfuncArg{
			{Name: "it", Type: "struct bpf_iter_css *", Kind: KindIter, Struct: "bpf_iter_css", Size: 24},
		},
		Ret:   KfuncArg{Type: "struct cgroup_subsys_state *", Kind: KindBTF, Struct: "cgroup_subsys_state"},
		Flags: KfIterNext | KfRetNull,
		Progs: everyKfuncProg,
		Since: 6<<8 | 7,
	},
	{
		Name: "bpf_iter_css_task_destroy",
		Args: []KfuncArg{
			{Name: "it", Type: "struct bpf_iter_css_task *", Kind: KindIter, Struct: "bpf_iter_css_task", Size: 8},
		},
		Flags: KfIterDestroy,
		Progs: everyKfuncProg,
		Since: 6<<8 | 7,
	},
	{
		Name: "bpf_iter_css_task_new",
		Args: []KfuncArg{
			{Name: "it", Type: "struct bpf_iter_css_task *", Kind: KindIter, Struct: "bpf_iter_css_task", Size: 8},
			{Name: "css", Type: "struct cgroup_subsys_state *", Kind: KindBTF, Struct: "cgroup_subsys_state"},
			{Name: "flags", Type: "unsigned int", Kind: KindScalar, Size: 4},
		},
		Ret:   KfuncArg{Type: "int", Kind: KindScalar, Size: 4},
		Flags: KfIterNew | KfTrustedArgs,
		Progs: everyKfuncProg,
		Since: 6<<8 | 7,
	},
	{
		Name: "bpf_iter_css_task_next",
		Args: []KfuncArg{
			{Name: "it", Type: "struct bpf_iter_css_task *", Kind: KindIter, Struct: "bpf_iter_css_task", Size: 8},
		},
		Ret:   KfuncArg{Type: "struct task_struct *", Kind: KindBTF, Struct: "task_struct"},
		Flags: KfIterNext | KfRetNull,
		Progs: everyKfuncProg,
		Since: 6<<8 | 7,
	},
	{
		Name: "bpf_iter_dmabuf_destroy",
		Args: []KfuncArg{
			{Name: "it", Type: "struct bpf_iter_dmabuf *", Kind: KindIter, Struct: "bpf_iter_dmabuf", Size: 8},
		},
		Flags: KfIterDestroy | KfSleepable,
		Progs: everyKfuncProg,
		Since: 6<<8 | 16,
	},
	{
		Name: "bpf_iter_dmabuf_new",
		Args: []KfuncArg{
			{Name: "it", Type: "struct bpf_iter_dmabuf *", Kind: KindIter, Struct: "bpf_iter_dmabuf", Size: 8},
		},
		Ret:   KfuncArg{Type: "int", Kind: KindScalar, Size: 4},
		Flags: KfIterNew | KfSleepable,
		Progs: everyKfuncProg,
		Since: 6<<8 | 16,
	},
	{
		Name: "bpf_iter_dmabuf_next",
		Args: []KfuncArg{
			{Name: "it", Type: "struct bpf_iter_dmabuf *", Kind: KindIter, Struct: "bpf_iter_dmabuf", Size: 8},
		},
		Ret:   KfuncArg{Type: "struct dma_buf *", Kind: KindBTF, Struct: "dma_buf"},
		Flags: KfIterNext | KfRetNull | KfSleepable,
		Progs: everyKfuncProg,
		Since: 6<<8 | 16,
	},
	{
		Name: "bpf_iter_kmem_cache_destroy",
		Args: []KfuncArg{
			{Name: "it", Type: "struct bpf_iter_kmem_cache *", Kind: KindIter, Struct: "bpf_iter_kmem_cache", Size: 8},
		},
		Flags: KfIterDestroy | KfSleepable,
		Progs: everyKfuncProg,
		Since: 6<<8 | 13,
	},
	{
		Name: "bpf_iter_kmem_cache_new",
		Args: []KfuncArg{
			{Name: "it", Type: "struct bpf_iter_kmem_cache *", Kind: KindIter, Struct: "bpf_iter_kmem_cache", Size: 8},
		},
		Ret:   KfuncArg{Type: "int", Kind: KindScalar, Size: 4},
		Flags: KfIterNew | KfSleepable,
		Progs: everyKfuncProg,
		Since: 6<<8 | 13,
	},
	{
		Name: "bpf_iter_kmem_cache_next",
		Args: []KfuncArg{
			{Name: "it", Type: "struct bpf_iter_kmem_cache *", Kind: KindIter, Struct: "bpf_iter_kmem_cache", Size: 8},
		},
		Ret:   KfuncArg{Type: "struct kmem_cache *", Kind: KindBTF, Struct: "kmem_cache"},
		Flags: KfIterNext | KfRetNull | KfSleepable,
		Progs: everyKfuncProg,
		Since: 6<<8 | 13,
	},
	{
		Name: "bpf_iter_num_destroy",
		Args: []KfuncArg{
			{Name: "it", Type: "struct bpf_iter_num *", Kind: KindIter, Struct: "bpf_iter_num", Size: 8},
		},
		Flags: KfIterDestroy | KfLockOK,
		Progs: everyKfuncProg,
		Since: 6<<8 | 4,
	},
	{
		Name: "bpf_iter_num_new",
		Args: []KfuncArg{
			{Name: "it", Type: "struct bpf_iter_num *", Kind: KindIter, Struct: "bpf_iter_num", Size: 8},
			{Name: "start", Type: "int", Kind: KindScalar, Size: 4},
			{Name: "end", Type: "int", Kind: KindScalar, Size: 4},
		},
		Ret:   KfuncArg{Type: "int", Kind: KindScalar, Size: 4},
		Flags: KfIterNew | KfLockOK,
		Progs: everyKfuncProg,
		Since: 6<<8 | 4,
	},
	{
		Name: "bpf_iter_num_next",
		Args: []KfuncArg{
			{Name: "it", Type: "struct bpf_iter_num *", Kind: KindIter, Struct: "bpf_iter_num", Size: 8},
		},
		Ret:   KfuncArg{Type: "int *", Kind: KindFixedMem, Size: 4, Const: true},
		Flags: KfIterNext | KfRetNull | KfLockOK,
		Progs: everyKfuncProg,
		Since: 6<<8 | 4,
	},
	{
		Name: "bpf_iter_task_destroy",
		Args: []KfuncArg{
			{Name: "it", Type: "struct bpf_iter_task *", Kind: KindIter, Struct: "bpf_iter_task", Size: 24},
		},
		Flags: KfIterDestroy,
		Progs: everyKfuncProg,
		Since: 6<<8 | 7,
	},
	{
		Name: "bpf_iter_task_new",
		Args: []KfuncArg{
			{Name: "it", Type: "struct bpf_iter_task *", Kind: KindIter, Struct: "bpf_iter_task", Size: 24},
			{Name: "task__nullable", Type: "struct task_struct *", Kind: KindBTF, Struct: "task_struct", Nullable: true},
			{Name: "flags", Type: "unsigned int", Kind: KindScalar, Size: 4},
		},
		Ret:   KfuncArg{Type: "int", Kind: KindScalar, Size: 4},
		Flags: KfIterNew | KfTrustedArgs | KfRCUProtected,
		Progs: everyKfuncProg,
		Since: 6<<8 | 7,
	},
	{
		Name: "bpf_iter_task_next",
		Args: []KfuncArg{
			{Name: "it", Type: "struct bpf_iter_task *", Kind: KindIter, Struct: "bpf_iter_task", Size: 24},
		},
		Ret:   KfuncArg{Type: "struct task_struct *", Kind: KindBTF, Struct: "task_struct"},
		Flags: KfIterNext | KfRetNull,
		Progs: everyKfuncProg,
		Since: 6<<8 | 7,
	},
	{
		Name: "bpf_iter_task_vma_destroy",
		Args: []KfuncArg{
			{Name: "it", Type: "struct bpf_iter_task_vma *", Kind: KindIter, Struct: "bpf_iter_task_vma", Size: 8},
		},
		Flags: KfIterDestroy,
		Progs: everyKfuncProg,
		Since: 6<<8 | 7,
	},
	{
		Name: "bpf_iter_task_vma_new",
		Args: []KfuncArg{
			{Name: "it", Type: "struct bpf_iter_task_vma *", Kind: KindIter, Struct: "bpf_iter_task_vma", Size: 8},
			{Name: "task", Type: "struct task_struct *", Kind: KindBTF, Struct: "task_struct"},
			{Name: "addr", Type: "u64", Kind: KindScalar, Size: 8},
		},
		Ret:   KfuncArg{Type: "int", Kind: KindScalar, Size: 4},
		Flags: KfIterNew | KfRCU,
		Progs: everyKfuncProg,
		Since: 6<<8 | 7,
	},
	{
		Name: "bpf_iter_task_vma_next",
		Args: []KfuncArg{
			{Name: "it", Type: "struct bpf_iter_task_vma *", Kind: KindIter, Struct: "bpf_iter_task_vma", Size: 8},
		},
		Ret:   KfuncArg{Type: "struct vm_area_struct *", Kind: KindBTF, Struct: "vm_area_struct"},
		Flags: KfIterNext | KfRetNull,
		Progs: everyKfuncProg,
		Since: 6<<8 | 7,
	},
}
