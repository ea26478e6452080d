package abi

// stringKfuncs are the kernel functions for strings.
var stringKfuncs = []Kfunc{
	{
		Name: "bpf_strcasecmp",
		Args: []KfuncArg{
			{Name: "s1__ign", Type: "const char *", Kind: KindIgnore, Const: true},
			{Name: "s2__ign", Type: "const char *", Kind: KindIgnore, Const: true},
		},
		Ret:   KfuncArg{Type: "int", Kind: KindScalar, Size: 4},
		Progs: everyKfuncProg,
		Since: 6<<8 | 18,
	},
	{
		Name: "bpf_strchr",
		Args: []KfuncArg{
			{Name: "s__ign", Type: "const char *", Kind: KindIgnore, Const: true},
			{Name: "c", Type: "char", Kind: KindScalar, Size: 1},
		},
		Ret:   KfuncArg{Type: "int", Kind: KindScalar, Size: 4},
		Progs: everyKfuncProg,
		Since: 6<<8 | 17,
	},
	{
		Name: "bpf_strchrnul",
		Args: []KfuncArg{
			{Name: "s__ign", Type: "const char *", Kind: KindIgnore, Const: true},
			{Name: "c", Type: "char", Kind: KindScalar, Size: 1},
		},
		Ret:   KfuncArg{Type: "int", Kind: KindScalar, Size: 4},
		Progs: everyKfuncProg,
		Since: 6<<8 | 17,
	},
	{
		Name: "bpf_strcmp",
		Args: []KfuncArg{
			{Name: "s1__ign", Type: "const char *", Kind: KindIgnore, Const: true},
			{Name: "s2__ign", Type: "const char *", Kind: KindIgnore, Const: true},
		},
		Ret:   KfuncArg{Type: "int", Kind: KindScalar, Size: 4},
		Progs: everyKfuncProg,
		Since: 6<<8 | 17,
	},
	{
		Name: "bpf_strcspn",
		Args: []KfuncArg{
			{Name: "s__ign", Type: "const char *", Kind: KindIgnore, Const: true},
			{Name: "reject__ign", Type: "const char *", Kind: KindIgnore, Const: true},
		},
		Ret:   KfuncArg{Type: "int", Kind: KindScalar, Size: 4},
		Progs: everyKfuncProg,
		Since: 6<<8 | 17,
	},
	{
		Name: "bpf_strlen",
		Args: []KfuncArg{
			{Name: "s__ign", Type: "const char *", Kind: KindIgnore, Const: true},
		},
		Ret:   KfuncArg{Type: "int", Kind: KindScalar, Size: 4},
		Progs: everyKfuncProg,
		Since: 6<<8 | 17,
	},
	{
		Name: "bpf_strnchr",
		Args: []KfuncArg{
			{Name: "s__ign", Type: "const char *", Kind: KindIgnore, Const: true},
			{Name: "count", Type: "size_t", Kind: KindScalar, Size: 8},
			{Name: "c", Type: "char", Kind: KindScalar, Size: 1},
		},
		Ret:   KfuncArg{Type: "int", Kind: KindScalar, Size: 4},
		Progs: everyKfuncProg,
		Since: 6<<8 | 17,
	},
	{
		Name: "bpf_strnlen",
		Args: []KfuncArg{
			{Name: "s__ign", Type: "const char *", Kind: KindIgnore, Const: true},
			{Name: "count", Type: "size_t", Kind: KindScalar, Size: 8},
		},
		Ret:   KfuncArg{Type: "int", Kind: KindScalar, Size: 4},
		Progs: everyKfuncProg,
		Since: 6<<8 | 17,
	},
	{
		Name: "bpf_strnstr",
		Args: []KfuncArg{
			{Name: "s1__ign", Type: "const char *", Kind: KindIgnore, Const: true},
			{Name: "s2__ign", Type: "const char *", Kind: KindIgnore, Const: true},
			{Name: "len", Type: "size_t", Kind: KindScalar, Size: 8},
		},
		Ret:   KfuncArg{Type: "int", Kind: KindScalar, Size: 4},
		Progs: everyKfuncProg,
		Since: 6<<8 | 17,
	},
	{
		Name: "bpf_strrchr",
		Args: []KfuncArg{
			{Name: "s__ign", Type: "const char *", Kind: KindIgnore, Const: true},
			{Name: "c", Type: "int", Kind: KindScalar, Size: 4},
		},
		Ret:   KfuncArg{Type: "int", Kind: KindScalar, Size: 4},
		Progs: everyKfuncProg,
		Since: 6<<8 | 17,
	},
	{
		Name: "bpf_strspn",
		Args: []KfuncArg{
			{Name: "s__ign", Type: "const char *", Kind: KindIgnore, Const: true},
			{Name: "accept__ign", Type: "const char *", Kind: KindIgnore, Const: true},
		},
		Ret:   KfuncArg{Type: "int", Kind: KindScalar, Size: 4},
		Progs: everyKfuncProg,
		Since: 6<<8 | 17,
	},
	{
		Name: "bpf_strstr",
		Args: []KfuncArg{
			{Name: "s1__ign", Type: "const char *", Kind: KindIgnore, Const: true},
			{Name: "s2__ign", Type: "const char *", Kind: KindIgnore, Const: true},
		},
		Ret:   KfuncArg{Type: "int", Kind: KindScalar, Size: 4},
		Progs: everyKfuncProg,
		Since: 6<<8 | 17,
	},
}
