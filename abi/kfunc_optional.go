package abi

// optionalKfuncs are kernel functions that many builds lack.
var optionalKfuncs = []Kfunc{
	{
		Name: "crash_kexec",
		Args: []KfuncArg{
			{Name: "regs", Type: "struct pt_regs *", Kind: KindBTF, Struct: "pt_regs"},
		},
		Flags:  KfDestructive,
		Progs:  genericKfuncProgs,
		Config: "CONFIG_CRASH_DUMP",
		Since:  6<<8 | 1,
	},
	{
		Name: "bpf_verify_pkcs7_signature",
		Args: []KfuncArg{
			{Name: "data_p", Type: "struct bpf_dynptr *", Kind: KindDynptr},
			{Name: "sig_p", Type: "struct bpf_dynptr *", Kind: KindDynptr},
			{Name: "trusted_keyring", Type: "struct bpf_key *", Kind: KindBTF, Struct: "bpf_key"},
		},
		Ret:    KfuncArg{Type: "int", Kind: KindScalar, Size: 4},
		Flags:  KfSleepable,
		Progs:  genericKfuncProgs,
		Config: "CONFIG_SYSTEM_DATA_VERIFICATION",
		Since:  6<<8 | 1,
	},
	{
		Name: "bpf_get_fsverity_digest",
		Args: []KfuncArg{
			{Name: "file", Type: "struct file *", Kind: KindBTF, Struct: "file"},
			{Name: "digest_p", Type: "struct bpf_dynptr *", Kind: KindDynptr},
		},
		Ret:    KfuncArg{Type: "int", Kind: KindScalar, Size: 4},
		Flags:  KfTrustedArgs,
		Progs:  1 << LSM,
		Config: "CONFIG_FS_VERITY",
		Since:  6<<8 | 8,
	},
	{
		Name: "bpf_skb_set_fou_encap",
		Args: []KfuncArg{
			{Name: "skb_ctx", Type: "struct __sk_buff *", Kind: KindCtx, Struct: "__sk_buff"},
			{Name: "encap", Type: "struct bpf_fou_encap *", Kind: KindFixedMem, Size: 4},
			{Name: "type", Type: "int", Kind: KindScalar, Size: 4},
		},
		Ret:    KfuncArg{Type: "int", Kind: KindScalar, Size: 4},
		Progs:  1 << SchedCLS,
		Config: "CONFIG_NET_FOU",
		Since:  6<<8 | 4,
	},
	{
		Name: "bpf_skb_get_fou_encap",
		Args: []KfuncArg{
			{Name: "skb_ctx", Type: "struct __sk_buff *", Kind: KindCtx, Struct: "__sk_buff"},
			{Name: "encap", Type: "struct bpf_fou_encap *", Kind: KindFixedMem, Size: 4},
		},
		Ret:    KfuncArg{Type: "int", Kind: KindScalar, Size: 4},
		Progs:  1 << SchedCLS,
		Config: "CONFIG_NET_FOU",
		Since:  6<<8 | 4,
	},
	{
		Name: "bpf_skb_set_xfrm_info",
		Args: []KfuncArg{
			{Name: "skb_ctx", Type: "struct __sk_buff *", Kind: KindCtx, Struct: "__sk_buff"},
			{Name: "from", Type: "const struct bpf_xfrm_info *", Kind: KindFixedMem, Size: 8, Const: true},
		},
		Ret:    KfuncArg{Type: "int", Kind: KindScalar, Size: 4},
		Progs:  1 << SchedCLS,
		Config: "CONFIG_XFRM_INTERFACE",
		Since:  6<<8 | 2,
	},
	{
		Name: "bpf_skb_get_xfrm_info",
		Args: []KfuncArg{
			{Name: "skb_ctx", Type: "struct __sk_buff *", Kind: KindCtx, Struct: "__sk_buff"},
			{Name: "to", Type: "struct bpf_xfrm_info *", Kind: KindFixedMem, Size: 8},
		},
		Ret:    KfuncArg{Type: "int", Kind: KindScalar, Size: 4},
		Progs:  1 << SchedCLS,
		Config: "CONFIG_XFRM_INTERFACE",
		Since:  6<<8 | 2,
	},
}
