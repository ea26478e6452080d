// SPDX-License-Identifier: Apache-2.0
// Members of kernel structs of functions: TCP congestion control, and the ops
// that the kernel has for tests.
#include "features.h"

#define OPS(m) "struct_ops/" #m
bpf_ksym u32 tcp_reno_ssthresh(struct sock *sk);
bpf_ksym void tcp_reno_cong_avoid(struct sock *sk, u32 ack, u32 acked);
bpf_ksym u32 tcp_reno_undo_cwnd(struct sock *sk);
struct { __uint(type, BPF_MAP_TYPE_SK_STORAGE); __uint(map_flags, 1); __type(key, int); __type(value, int); } st SEC(".maps");
int out;

OK(OPS(ssthresh)) u32 BPF_PROG(ssthresh, struct sock *sk) { return tcp_reno_ssthresh(sk); }
OK(OPS(undo)) u32 BPF_PROG(undo, struct sock *sk) { return tcp_reno_undo_cwnd(sk); }
OK(OPS(avoid)) void BPF_PROG(avoid, struct sock *sk, u32 ack, u32 acked) { tcp_reno_cong_avoid(sk, ack, acked); }
OK(OPS(state)) void BPF_PROG(state, struct sock *sk, u8 s) { struct tcp_sock *tp = (void *)sk; out = tp->snd_cwnd; }
OK(OPS(write_cwnd)) void BPF_PROG(write_cwnd, struct sock *sk, u8 s) { struct tcp_sock *tp = (void *)sk; tp->snd_cwnd = 5; tp->snd_ssthresh = 4; tp->snd_cwnd_cnt = 1; }
BAD(OPS(write_mss), "no write support to tcp_sock at off 1440") void BPF_PROG(write_mss, struct sock *sk, u8 s) { struct tcp_sock *tp = (void *)sk; tp->mss_cache = 5; }
BAD(OPS(write_part), "no write support to tcp_sock at off 1448") void BPF_PROG(write_part, struct sock *sk, u8 s) { struct tcp_sock *tp = (void *)sk; *((volatile u8 *)&tp->snd_cwnd + 4) = 5; }
OK(OPS(write_priv)) void BPF_PROG(write_priv, struct sock *sk, u8 s) { struct inet_connection_sock *i = (void *)sk; i->icsk_ca_priv[0] = 5; }
BAD(OPS(write_priv_beyond), "no write support to tcp_sock at off 1400") void BPF_PROG(write_priv_beyond, struct sock *sk, u8 s) { struct inet_connection_sock *i = (void *)sk; ((volatile u64 *)i->icsk_ca_priv)[13] = 5; }
BAD(OPS(write_sock), "no write support to tcp_sock at off 524") void BPF_PROG(write_sock, struct sock *sk, u8 s) { sk->sk_mark = 5; }
OK(OPS(write_pacing)) void BPF_PROG(write_pacing, struct sock *sk, u8 s) { sk->sk_pacing_status = 1; }
BAD(OPS(write_ctx), "invalid bpf_context access off=0 size=8") void BPF_PROG(write_ctx, struct sock *sk, u8 s) { ctx[0] = 1; }
BAD(OPS(read_ctx_beyond), "invalid bpf_context access off=16 size=8") void BPF_PROG(read_ctx_beyond, struct sock *sk, u8 s) { out = ctx[2]; }
OK(OPS(storage)) void BPF_PROG(storage, struct sock *sk) { int *v = bpf_sk_storage_get(&st, sk, NULL, 1); if (v) (*v)++; }
OK(OPS(setsockopt)) void BPF_PROG(setsockopt, struct sock *sk) { int v = 1; bpf_setsockopt(sk, 1, 2, &v, 4); }
BAD(OPS(release_set), "program of this type cannot use helper bpf_setsockopt#49") void BPF_PROG(release_set, struct sock *sk) { int v = 1; bpf_setsockopt(sk, 1, 2, &v, 4); }
OK(OPS(send_ack)) void BPF_PROG(send_ack, struct sock *sk, u8 s) { bpf_tcp_send_ack(sk, 1); }
BAD(OPS(cong_control), "only read is supported") void BPF_PROG(cong_control, struct sock *sk, u32 ack, int flag, struct rate_sample *rs) { rs->delivered = 1; }
OK(OPS(cong_control2)) void BPF_PROG(cong_control2, struct sock *sk, u32 ack, int flag, struct rate_sample *rs) { out = rs->delivered; }
BAD(OPS(get_info), "attach to unsupported member get_info of struct tcp_congestion_ops") u64 BPF_PROG(get_info, struct sock *sk, u32 ext, int *attr, union tcp_cc_info *info) { return 0; }
OK(OPS(min_tso)) u32 BPF_PROG(min_tso, struct sock *sk) { return 1; }
OK(OPS(acked)) void BPF_PROG(acked, struct sock *sk, const struct ack_sample *s) { out = s->pkts_acked; }
SEC("struct_ops.s/sleeps") __success u32 BPF_PROG(sleeps, struct sock *sk) { return 1; }
OK(OPS(tailless)) u32 BPF_PROG(tailless, struct sock *sk) { struct task_struct *t = bpf_task_from_pid(1); if (t) bpf_task_release(t); return 1; }
BAD(OPS(leaks), "BPF_EXIT instruction in main prog would lead to reference leak") u32 BPF_PROG(leaks, struct sock *sk) { return bpf_task_from_pid(1) != NULL; }
OK(OPS(returns_pointer)) u64 BPF_PROG(returns_pointer, struct sock *sk) { return (long)sk; }

#define CA(n, ...) SEC(".struct_ops") struct tcp_congestion_ops n = { .ssthresh = (void *)ssthresh, .undo_cwnd = (void *)undo, .cong_avoid = (void *)avoid, .name = #n, __VA_ARGS__ }
CA(ca_state, .set_state = (void *)state);
CA(ca_write_cwnd, .set_state = (void *)write_cwnd);
CA(ca_write_mss, .set_state = (void *)write_mss);
CA(ca_write_part, .set_state = (void *)write_part);
CA(ca_write_priv, .set_state = (void *)write_priv);
CA(ca_priv_beyond, .set_state = (void *)write_priv_beyond);
CA(ca_write_sock, .set_state = (void *)write_sock);
CA(ca_pacing, .set_state = (void *)write_pacing);
CA(ca_write_ctx, .set_state = (void *)write_ctx);
CA(ca_ctx_beyond, .set_state = (void *)read_ctx_beyond);
CA(ca_storage, .init = (void *)storage);
CA(ca_sockopt, .init = (void *)setsockopt);
CA(ca_release, .release = (void *)release_set);
CA(ca_send_ack, .set_state = (void *)send_ack);
CA(ca_control, .cong_control = (void *)cong_control);
CA(ca_control2, .cong_control = (void *)cong_control2);
CA(ca_info, .get_info = (void *)get_info);
CA(ca_min, .min_tso_segs = (void *)min_tso);
CA(ca_acked, .pkts_acked = (void *)acked);
CA(ca_sleeps, .min_tso_segs = (void *)sleeps);
CA(ca_tailless, .min_tso_segs = (void *)tailless);
CA(ca_leaks, .min_tso_segs = (void *)leaks);
CA(ca_pointer, .min_tso_segs = (void *)returns_pointer);

OK(OPS(test_1)) int BPF_PROG(dummy_1, struct bpf_dummy_ops_state *s) { return s ? s->val * 0 : 0; }
BAD(OPS(test_1), "R1 invalid mem access 'trusted_ptr_or_null_'") int BPF_PROG(dummy_1_unchecked, struct bpf_dummy_ops_state *s) { return s->val; }
OK(OPS(test_1)) int BPF_PROG(dummy_1_write, struct bpf_dummy_ops_state *s) { if (s) s->val = 1; return 0; }
OK(OPS(test_2)) int BPF_PROG(dummy_2, struct bpf_dummy_ops_state *s, int a1, unsigned short a2, char a3, unsigned long a4) { return s->val + a1 + a2 + a3 + a4; }
BAD(OPS(test_2), "access beyond struct bpf_dummy_ops_state at off 4 size 4") int BPF_PROG(dummy_2_beyond, struct bpf_dummy_ops_state *s, int a1, unsigned short a2, char a3, unsigned long a4) { return ((volatile int *)s)[1]; }
SEC("struct_ops.s/test_sleepable") __success int BPF_PROG(dummy_sleeps, struct bpf_dummy_ops_state *s) { return s->val; }
OK(OPS(test_sleepable)) int BPF_PROG(dummy_sleeps_not, struct bpf_dummy_ops_state *s) { return s->val; }
SEC("struct_ops.s/test_1") __failure __msg("attach to unsupported member test_1 of struct bpf_dummy_ops") int BPF_PROG(dummy_1_sleeps, struct bpf_dummy_ops_state *s) { return 0; }
#define DU(n, ...) SEC(".struct_ops") struct bpf_dummy_ops n = { __VA_ARGS__ }
DU(d1, .test_1 = (void *)dummy_1);
DU(d2, .test_1 = (void *)dummy_1_unchecked);
DU(d3, .test_1 = (void *)dummy_1_write);
DU(d4, .test_2 = (void *)dummy_2);
DU(d5, .test_2 = (void *)dummy_2_beyond);
DU(d6, .test_sleepable = (void *)dummy_sleeps);
DU(d7, .test_sleepable = (void *)dummy_sleeps_not);
DU(d8, .test_1 = (void *)dummy_1_sleeps);
