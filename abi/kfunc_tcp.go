package abi

// tcpKfuncs are the kernel functions for TCP congestion control.
var tcpKfuncs = []Kfunc{
	{
		Name: "bbr_cwnd_event",
		Args: []KfuncArg{
			{Name: "sk", Type: "struct sock *", Kind: KindBTF, Struct: "sock"},
			{Name: "event", Type: "enum tcp_ca_event", Kind: KindScalar, Size: 4},
		},
		Progs: 1 << StructOps,
	},
	{
		Name: "bbr_init",
		Args: []KfuncArg{
			{Name: "sk", Type: "struct sock *", Kind: KindBTF, Struct: "sock"},
		},
		Progs: 1 << StructOps,
	},
	{
		Name: "bbr_main",
		Args: []KfuncArg{
			{Name: "sk", Type: "struct sock *", Kind: KindBTF, Struct: "sock"},
			{Name: "ack", Type: "u32", Kind: KindScalar, Size: 4},
			{Name: "flag", Type: "int", Kind: KindScalar, Size: 4},
			{Name: "rs", Type: "const struct rate_sample *", Kind: KindBTF, Struct: "rate_sample", Const: true},
		},
		Progs: 1 << StructOps,
	},
	{
		Name: "bbr_min_tso_segs",
		Args: []KfuncArg{
			{Name: "sk", Type: "struct sock *", Kind: KindBTF, Struct: "sock"},
		},
		Ret:   KfuncArg{Type: "u32", Kind: KindScalar, Size: 4},
		Progs: 1 << StructOps,
	},
	{
		Name: "bbr_set_state",
		Args: []KfuncArg{
			{Name: "sk", Type: "struct sock *", Kind: KindBTF, Struct: "sock"},
			{Name: "new_state", Type: "u8", Kind: KindScalar, Size: 1},
		},
		Progs: 1 << StructOps,
	},
	{
		Name: "bbr_sndbuf_expand",
		Args: []KfuncArg{
			{Name: "sk", Type: "struct sock *", Kind: KindBTF, Struct: "sock"},
		},
		Ret:   KfuncArg{Type: "u32", Kind: KindScalar, Size: 4},
		Progs: 1 << StructOps,
	},
	{
		Name: "bbr_ssthresh",
		Args: []KfuncArg{
			{Name: "sk", Type: "struct sock *", Kind: KindBTF, Struct: "sock"},
		},
		Ret:   KfuncArg{Type: "u32", Kind: KindScalar, Size: 4},
		Progs: 1 << StructOps,
	},
	{
		Name: "bbr_undo_cwnd",
		Args: []KfuncArg{
			{Name: "sk", Type: "struct sock *", Kind: KindBTF, Struct: "sock"},
		},
		Ret:   KfuncArg{Type: "u32", Kind: KindScalar, Size: 4},
		Progs: 1 << StructOps,
	},
	{
		Name: "cubictcp_acked",
		Args: []KfuncArg{
			{Name: "sk", Type: "struct sock *", Kind: KindBTF, Struct: "sock"},
			{Name: "sample", Type: "const struct ack_sample *", Kind: KindBTF, Struct: "ack_sample", Const: true},
		},
		Progs: 1 << StructOps,
	},
	{
		Name: "cubictcp_cong_avoid",
		Args: []KfuncArg{
			{Name: "sk", Type: "struct sock *", Kind: KindBTF, Struct: "sock"},
			{Name: "ack", Type: "u32", Kind: KindScalar, Size: 4},
			{Name: "acked", Type: "u32", Kind: KindScalar, Size: 4},
		},
		Progs: 1 << StructOps,
	},
	{
		Name: "cubictcp_cwnd_event",
		Args: []KfuncArg{
			{Name: "sk", Type: "struct sock *", Kind: KindBTF, Struct: "sock"},
			{Name: "event", Type: "enum tcp_ca_event", Kind: KindScalar, Size: 4},
		},
		Progs: 1 << StructOps,
	},
	{
		Name: "cubictcp_init",
		Args: []KfuncArg{
			{Name: "sk", Type: "struct sock *", Kind: KindBTF, Struct: "sock"},
		},
		Progs: 1 << StructOps,
	},
	{
		Name: "cubictcp_recalc_ssthresh",
		Args: []KfuncArg{
			{Name: "sk", Type: "struct sock *", Kind: KindBTF, Struct: "sock"},
		},
		Ret:   KfuncArg{Type: "u32", Kind: KindScalar, Size: 4},
		Progs: 1 << StructOps,
	},
	{
		Name: "cubictcp_state",
		Args: []KfuncArg{
			{Name: "sk", Type: "struct sock *", Kind: KindBTF, Struct: "sock"},
			{Name: "new_state", Type: "u8", Kind: KindScalar, Size: 1},
		},
		Progs: 1 << StructOps,
	},
	{
		Name: "tcp_cong_avoid_ai",
		Args: []KfuncArg{
			{Name: "tp", Type: "struct tcp_sock *", Kind: KindBTF, Struct: "tcp_sock"},
			{Name: "w", Type: "u32", Kind: KindScalar, Size: 4},
			{Name: "acked", Type: "u32", Kind: KindScalar, Size: 4},
		},
		Progs: 1 << StructOps,
	},
	{
		Name: "tcp_reno_cong_avoid",
		Args: []KfuncArg{
			{Name: "sk", Type: "struct sock *", Kind: KindBTF, Struct: "sock"},
			{Name: "ack", Type: "u32", Kind: KindScalar, Size: 4},
			{Name: "acked", Type: "u32", Kind: KindScalar, Size: 4},
		},
		Progs: 1 << StructOps,
	},
	{
		Name: "tcp_reno_ssthresh",
		Args: []KfuncArg{
			{Name: "sk", Type: "struct sock *", Kind: KindBTF, Struct: "sock"},
		},
		Ret:   KfuncArg{Type: "u32", Kind: KindScalar, Size: 4},
		Progs: 1 << StructOps,
	},
	{
		Name: "tcp_reno_undo_cwnd",
		Args: []KfuncArg{
			{Name: "sk", Type: "struct sock *", Kind: KindBTF, Struct: "sock"},
		},
		Ret:   KfuncArg{Type: "u32", Kind: KindScalar, Size: 4},
		Progs: 1 << StructOps,
	},
	{
		Name: "tcp_slow_start",
		Args: []KfuncArg{
			{Name: "tp", Type: "struct tcp_sock *", Kind: KindBTF, Struct: "tcp_sock"},
			{Name: "acked", Type: "u32", Kind: KindScalar, Size: 4},
		},
		Ret:   KfuncArg{Type: "u32", Kind: KindScalar, Size: 4},
		Progs: 1 << StructOps,
	},
}
