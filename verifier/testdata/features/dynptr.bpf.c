// SPDX-License-Identifier: Apache-2.0
// Dynptrs of every kind, their slices, and what invalidates both.
#include "features.h"

bpf_ksym int bpf_dynptr_from_skb(struct __sk_buff *s, u64 flags, struct bpf_dynptr *ptr__uninit);
bpf_ksym int bpf_dynptr_from_skb_meta(struct __sk_buff *s, u64 flags, struct bpf_dynptr *ptr__uninit);
bpf_ksym int bpf_dynptr_from_xdp(struct xdp_md *x, u64 flags, struct bpf_dynptr *ptr__uninit);
bpf_ksym void *bpf_dynptr_slice(const struct bpf_dynptr *p, u32 offset, void *buffer__opt, u32 buffer__szk);
bpf_ksym void *bpf_dynptr_slice_rdwr(const struct bpf_dynptr *p, u32 offset, void *buffer__opt, u32 buffer__szk);
bpf_ksym int bpf_dynptr_adjust(const struct bpf_dynptr *p, u32 start, u32 end);
bpf_ksym _Bool bpf_dynptr_is_null(const struct bpf_dynptr *p);
bpf_ksym _Bool bpf_dynptr_is_rdonly(const struct bpf_dynptr *p);
bpf_ksym u32 bpf_dynptr_size(const struct bpf_dynptr *p);
bpf_ksym int bpf_dynptr_clone(const struct bpf_dynptr *p, struct bpf_dynptr *clone__uninit);
bpf_ksym int bpf_dynptr_copy(struct bpf_dynptr *dst_ptr, u32 dst_off, struct bpf_dynptr *src_ptr, u32 src_off, u32 size);
bpf_ksym int bpf_dynptr_memset(struct bpf_dynptr *p, u32 offset, u32 size, u8 val);
bpf_ksym int bpf_probe_read_user_dynptr(struct bpf_dynptr *dptr, u32 off, u32 size, const void *unsafe_ptr__ign);
bpf_ksym int bpf_probe_read_kernel_str_dynptr(struct bpf_dynptr *dptr, u32 off, u32 size, const void *unsafe_ptr__ign);
bpf_ksym int bpf_copy_from_user_dynptr(struct bpf_dynptr *dptr, u32 off, u32 size, const void *unsafe_ptr__ign);
bpf_ksym int bpf_copy_from_user_task_dynptr(struct bpf_dynptr *dptr, u32 off, u32 size, const void *unsafe_ptr__ign, struct task_struct *tsk);
bpf_ksym int bpf_xdp_pull_data(struct xdp_md *xdp, u32 len);

struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 4096); } rb SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_USER_RINGBUF); __uint(max_entries, 4096); } urb SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 1); __type(key, int); __type(value, u64[4]); } arr SEC(".maps");
struct dynval { struct bpf_dynptr d; };
char mem[64];
int out;

#define SKB struct __sk_buff *ctx
#define XDPC struct xdp_md *ctx

OK("tc") int skb_read(SKB) { struct bpf_dynptr d; int v; bpf_dynptr_from_skb(ctx, 0, &d); return bpf_dynptr_read(&v, 4, &d, 0, 0) * 0; }
OK("tc") int skb_write(SKB) { struct bpf_dynptr d; int v = 0; bpf_dynptr_from_skb(ctx, 0, &d); return bpf_dynptr_write(&d, 0, &v, 4, 0) * 0; }
BAD("tc", "arg#0 expected pointer to ctx, but got scalar") int skb_flags(SKB) { struct bpf_dynptr d; bpf_dynptr_from_skb((void *)8, 0, &d); return 0; }
OK("tc") int skb_slice(SKB) { struct bpf_dynptr d; char b[8]; char *p; bpf_dynptr_from_skb(ctx, 0, &d); p = bpf_dynptr_slice(&d, 0, b, 8); return p ? p[7] * 0 : 0; }
OK("tc") int skb_slice_null(SKB) { struct bpf_dynptr d; char *p; bpf_dynptr_from_skb(ctx, 0, &d); p = bpf_dynptr_slice(&d, 0, NULL, 8); return p ? p[7] * 0 : 0; }
BAD("tc", "R0 invalid mem access 'rdonly_mem_or_null'") int skb_slice_unchecked(SKB) { struct bpf_dynptr d; char b[8]; char *p; bpf_dynptr_from_skb(ctx, 0, &d); p = bpf_dynptr_slice(&d, 0, b, 8); return p[7]; }
BAD("tc", "R0 min value is outside of the allowed memory range") int skb_slice_beyond(SKB) { struct bpf_dynptr d; char b[8]; volatile char *p; bpf_dynptr_from_skb(ctx, 0, &d); p = bpf_dynptr_slice(&d, 0, b, 8); return p ? p[8] : 0; }
BAD("tc", "R0 cannot write into rdonly_mem") int skb_slice_write(SKB) { struct bpf_dynptr d; char b[8]; volatile char *p; bpf_dynptr_from_skb(ctx, 0, &d); p = bpf_dynptr_slice(&d, 0, b, 8); if (p) p[0] = 1; return 0; }
OK("tc") int skb_slice_rdwr(SKB) { struct bpf_dynptr d; char b[8]; volatile char *p; bpf_dynptr_from_skb(ctx, 0, &d); p = bpf_dynptr_slice_rdwr(&d, 0, b, 8); if (p) p[0] = 1; return 0; }
BAD("cgroup_skb/egress", "the prog does not allow writes to packet data") int skb_slice_rdwr_cgroup(SKB) { struct bpf_dynptr d; char b[8]; volatile char *p; bpf_dynptr_from_skb(ctx, 0, &d); p = bpf_dynptr_slice_rdwr(&d, 0, b, 8); if (p) p[0] = 1; return 0; }
BAD("socket", "the prog does not allow writes to packet data") int skb_slice_rdwr_socket(SKB) { struct bpf_dynptr d; char b[8]; volatile char *p; bpf_dynptr_from_skb(ctx, 0, &d); p = bpf_dynptr_slice_rdwr(&d, 0, b, 8); if (p) p[0] = 1; return 0; }
BAD("lwt_in", "the prog does not allow writes to packet data") int skb_slice_rdwr_lwt(SKB) { struct bpf_dynptr d; char b[8]; volatile char *p; bpf_dynptr_from_skb(ctx, 0, &d); p = bpf_dynptr_slice_rdwr(&d, 0, b, 8); if (p) p[0] = 1; return 0; }
OK("sk_skb") int skb_slice_sk_skb(SKB) { struct bpf_dynptr d; char b[8]; volatile char *p; bpf_dynptr_from_skb(ctx, 0, &d); p = bpf_dynptr_slice_rdwr(&d, 0, b, 8); if (p) p[0] = 1; return 0; }
OK("netfilter") int skb_netfilter(struct bpf_nf_ctx *ctx) { struct bpf_dynptr d; int v; bpf_dynptr_from_skb((void *)ctx->skb, 0, &d); return bpf_dynptr_read(&v, 4, &d, 0, 0) * 0; }
BAD("tc", "R4 must be a known constant") int slice_size_unknown(SKB) { struct bpf_dynptr d; char b[8]; u32 n = ctx->len & 7; char *p; bpf_dynptr_from_skb(ctx, 0, &d); p = bpf_dynptr_slice(&d, 0, b, n); return p ? 1 : 0; }
BAD("tc", "R0 min value is outside of the allowed memory range") int slice_size_zero(SKB) { struct bpf_dynptr d; volatile char *p; char b[8]; bpf_dynptr_from_skb(ctx, 0, &d); p = bpf_dynptr_slice(&d, 0, b, 0); return p ? *p : 0; }
BAD("tc", "arg#2 arg#3 memory, len pair leads to invalid memory access") int slice_buffer_small(SKB) { struct bpf_dynptr d; char b[8]; char *p; bpf_dynptr_from_skb(ctx, 0, &d); p = bpf_dynptr_slice(&d, 0, b, 16); return p ? p[1] : 0; }
OK("tc") int slice_offset_unknown(SKB) { struct bpf_dynptr d; char b[8]; char *p; bpf_dynptr_from_skb(ctx, 0, &d); p = bpf_dynptr_slice(&d, ctx->len, b, 8); return p ? p[1] * 0 : 0; }
BAD("tc", "R6 invalid mem access 'scalar'") int slice_after_write(SKB) { struct bpf_dynptr d; char b[8]; char *p; bpf_dynptr_from_skb(ctx, 0, &d); p = bpf_dynptr_slice(&d, 0, b, 8); if (!p) return 0; bpf_dynptr_write(&d, 0, mem, 4, 0); return *p; }
BAD("tc", "R8 invalid mem access 'scalar'") int slice_after_pull(SKB) { struct bpf_dynptr d; char b[8]; char *p; bpf_dynptr_from_skb(ctx, 0, &d); p = bpf_dynptr_slice(&d, 0, b, 8); if (!p) return 0; bpf_skb_pull_data(ctx, 0); return *p; }
OK("tc") int dynptr_after_pull(SKB) { struct bpf_dynptr d; int v; bpf_dynptr_from_skb(ctx, 0, &d); bpf_skb_pull_data(ctx, 0); return bpf_dynptr_read(&v, 4, &d, 0, 0) * 0; }
OK("tc") int data_of_skb(SKB) { struct bpf_dynptr d; char *p; bpf_dynptr_from_skb(ctx, 0, &d); p = bpf_dynptr_data(&d, 0, 4); return p ? *p : 0; }

OK("tc") int meta_slice(SKB) { struct bpf_dynptr d; char *p; bpf_dynptr_from_skb_meta(ctx, 0, &d); p = bpf_dynptr_slice(&d, 0, NULL, 4); return p ? *p * 0 : 0; }
OK("tc") int meta_slice_rdwr(SKB) { struct bpf_dynptr d; volatile char *p; bpf_dynptr_from_skb_meta(ctx, 0, &d); p = bpf_dynptr_slice_rdwr(&d, 0, NULL, 4); if (p) *p = 1; return 0; }
BAD("tc", "R8 invalid mem access 'scalar'") int meta_slice_after_pull(SKB) { struct bpf_dynptr d; char *p; bpf_dynptr_from_skb_meta(ctx, 0, &d); p = bpf_dynptr_slice(&d, 0, NULL, 4); if (!p) return 0; bpf_skb_pull_data(ctx, 0); return *p; }
BAD("tc", "R6 invalid mem access 'scalar'") int meta_slice_after_write(SKB) { struct bpf_dynptr d; char *p; bpf_dynptr_from_skb_meta(ctx, 0, &d); p = bpf_dynptr_slice(&d, 0, NULL, 4); if (!p) return 0; bpf_dynptr_write(&d, 0, mem, 4, 0); return *p; }
BAD("tc", "R6 invalid mem access 'scalar'") int meta_slice_after_skb_write(SKB) { struct bpf_dynptr d, e; char *p; bpf_dynptr_from_skb_meta(ctx, 0, &d); bpf_dynptr_from_skb(ctx, 0, &e); p = bpf_dynptr_slice(&d, 0, NULL, 4); if (!p) return 0; bpf_dynptr_write(&e, 0, mem, 4, 0); return *p; }
BAD("tc", "R6 invalid mem access 'scalar'") int skb_slice_after_meta_write(SKB) { struct bpf_dynptr d, e; char *p; char b[8]; bpf_dynptr_from_skb_meta(ctx, 0, &d); bpf_dynptr_from_skb(ctx, 0, &e); p = bpf_dynptr_slice(&e, 0, b, 8); if (!p) return 0; bpf_dynptr_write(&d, 0, mem, 4, 0); return *p; }
BAD("tc", "R7 invalid mem access 'scalar'") int packet_after_meta_write(SKB) { struct bpf_dynptr d; char *p = (void *)(long)ctx->data; if (p + 1 > (char *)(long)ctx->data_end) return 0; bpf_dynptr_from_skb_meta(ctx, 0, &d); bpf_dynptr_write(&d, 0, mem, 4, 0); return *p; }
BAD("xdp", "calling kernel function bpf_dynptr_from_skb_meta is not allowed") int meta_in_xdp(XDPC) { struct bpf_dynptr d; bpf_dynptr_from_skb_meta((void *)ctx, 0, &d); return 0; }
BAD("cgroup_skb/egress", "calling kernel function bpf_dynptr_from_skb_meta is not allowed") int meta_in_cgroup(SKB) { struct bpf_dynptr d; bpf_dynptr_from_skb_meta(ctx, 0, &d); return 0; }

OK("xdp") int xdp_slice(XDPC) { struct bpf_dynptr d; char b[8]; volatile char *p; bpf_dynptr_from_xdp(ctx, 0, &d); p = bpf_dynptr_slice_rdwr(&d, 0, b, 8); if (p) p[0] = 1; return 0; }
BAD("xdp", "R8 invalid mem access 'scalar'") int xdp_slice_after_adjust(XDPC) { struct bpf_dynptr d; char b[8]; volatile char *p; bpf_dynptr_from_xdp(ctx, 0, &d); p = bpf_dynptr_slice(&d, 0, b, 8); if (!p) return 0; bpf_xdp_adjust_head(ctx, 0); return *p; }
BAD("xdp", "R8 invalid mem access 'scalar'") int xdp_slice_after_pull(XDPC) { struct bpf_dynptr d; char b[8]; volatile char *p; bpf_dynptr_from_xdp(ctx, 0, &d); p = bpf_dynptr_slice(&d, 0, b, 8); if (!p) return 0; bpf_xdp_pull_data(ctx, 0); return *p; }
OK("xdp") int xdp_slice_after_write(XDPC) { struct bpf_dynptr d; char b[8]; volatile char *p; bpf_dynptr_from_xdp(ctx, 0, &d); p = bpf_dynptr_slice(&d, 0, b, 8); if (!p) return 0; bpf_dynptr_write(&d, 0, mem, 4, 0); return *p * 0; }
OK("xdp") int xdp_data(XDPC) { struct bpf_dynptr d; char *p; bpf_dynptr_from_xdp(ctx, 0, &d); p = bpf_dynptr_data(&d, 0, 4); return p ? *p : 0; }
BAD("tc", "calling kernel function bpf_dynptr_from_xdp is not allowed") int xdp_in_tc(SKB) { struct bpf_dynptr d; bpf_dynptr_from_xdp((void *)ctx, 0, &d); return 0; }

OK("tc") int local(SKB) { struct bpf_dynptr d; char *p; bpf_dynptr_from_mem(mem, 64, 0, &d); p = bpf_dynptr_data(&d, 0, 64); if (p) p[63] = 1; return 0; }
BAD("tc", "Unsupported reg type fp for bpf_dynptr_from_mem data") int local_stack(SKB) { struct bpf_dynptr d; char b[8] = {}; bpf_dynptr_from_mem(b, 8, 0, &d); return 0; }
OK("tc") int local_too_long(SKB) { struct bpf_dynptr d; bpf_dynptr_from_mem(mem, 65, 0, &d); return 0; }
BAD("tc", "R0 min value is outside of the allowed memory range") int local_data_beyond(SKB) { struct bpf_dynptr d; volatile char *p; bpf_dynptr_from_mem(mem, 64, 0, &d); p = bpf_dynptr_data(&d, 0, 64); if (p) p[64] = 1; return 0; }
BAD("tc", "helper access to the packet is not allowed") int local_packet(SKB) { struct bpf_dynptr d; char *p = (void *)(long)ctx->data; if (p + 8 > (char *)(long)ctx->data_end) return 0; bpf_dynptr_from_mem(p, 8, 0, &d); return 0; }
BAD("tc", "R3 is not a known constant'") int data_size_unknown(SKB) { struct bpf_dynptr d; char *p; bpf_dynptr_from_mem(mem, 64, 0, &d); p = bpf_dynptr_data(&d, 0, ctx->len & 7); return p != NULL; }
OK("tc") int ringbuf(SKB) { struct bpf_dynptr d; bpf_ringbuf_reserve_dynptr(&rb, ctx->len, 0, &d); bpf_ringbuf_submit_dynptr(&d, 0); return 0; }
BAD("tc", "BPF_EXIT instruction in main prog would lead to reference leak") int ringbuf_leak(SKB) { struct bpf_dynptr d; bpf_ringbuf_reserve_dynptr(&rb, 8, 0, &d); return 0; }
BAD("tc", "arg 1 is an unacquired reference") int ringbuf_twice(SKB) { struct bpf_dynptr d; bpf_ringbuf_reserve_dynptr(&rb, 8, 0, &d); bpf_ringbuf_submit_dynptr(&d, 0); bpf_ringbuf_submit_dynptr(&d, 0); return 0; }
BAD("tc", "R7 invalid mem access 'scalar'") int ringbuf_data_after(SKB) { struct bpf_dynptr d; char *p; bpf_ringbuf_reserve_dynptr(&rb, 8, 0, &d); p = bpf_dynptr_data(&d, 0, 8); bpf_ringbuf_submit_dynptr(&d, 0); return p ? *p : 0; }
BAD("tc", "arg 1 is an unacquired reference") int submit_local(SKB) { struct bpf_dynptr d; bpf_dynptr_from_mem(mem, 64, 0, &d); bpf_ringbuf_submit_dynptr(&d, 0); return 0; }
BAD("tc", "arg 1 is an unacquired reference") int submit_skb(SKB) { struct bpf_dynptr d; bpf_dynptr_from_skb(ctx, 0, &d); bpf_ringbuf_discard_dynptr(&d, 0); return 0; }
OK("tc") int reinit_local(SKB) { struct bpf_dynptr d; bpf_dynptr_from_mem(mem, 64, 0, &d); bpf_dynptr_from_mem(mem, 32, 0, &d); return 0; }
BAD("tc", "cannot overwrite referenced dynptr") int reinit_ringbuf(SKB) { struct bpf_dynptr d; bpf_ringbuf_reserve_dynptr(&rb, 8, 0, &d); bpf_ringbuf_reserve_dynptr(&rb, 8, 0, &d); bpf_ringbuf_submit_dynptr(&d, 0); return 0; }
BAD("tc", "cannot overwrite referenced dynptr") int overwritten_ringbuf(SKB) { struct bpf_dynptr d; bpf_ringbuf_reserve_dynptr(&rb, 8, 0, &d); *(volatile u64 *)&d = 0; bpf_ringbuf_submit_dynptr(&d, 0); return 0; }
BAD("tc", "Expected an initialized dynptr as arg #0") int overwritten_local(SKB) { struct bpf_dynptr d; bpf_dynptr_from_mem(mem, 64, 0, &d); *(volatile u64 *)&d = 0; return bpf_dynptr_size(&d); }
BAD("tc", "invalid read from stack off -16+0 size 4") int read_dynptr(SKB) { struct bpf_dynptr d; bpf_dynptr_from_mem(mem, 64, 0, &d); return *(volatile u32 *)&d; }
BAD("tc", "potential write to dynptr at off=-16 disallowed") int dynptr_to_helper(SKB) { struct bpf_dynptr d; bpf_dynptr_from_mem(mem, 64, 0, &d); return bpf_probe_read_kernel(&d, 8, ctx); }
BAD("tc", "invalid read from stack R3 off=-16 size=32") int dynptr_in_map(SKB) { struct bpf_dynptr d; int k = 0; bpf_dynptr_from_mem(mem, 64, 0, &d); return bpf_map_update_elem(&arr, &k, &d, 0); }
BAD("tc", "R4 type=map_value expected=fp, dynptr_ptr") int dynptr_in_value(SKB) { bpf_dynptr_from_mem(mem, 64, 0, (void *)mem); return 0; }

OK("tc") int adjust(SKB) { struct bpf_dynptr d; bpf_dynptr_from_skb(ctx, 0, &d); bpf_dynptr_adjust(&d, 1, ctx->len); return (bpf_dynptr_size(&d) + bpf_dynptr_is_null(&d) + bpf_dynptr_is_rdonly(&d)) * 0; }
BAD("tc", "Expected an initialized dynptr as arg #0") int size_uninit(SKB) { struct bpf_dynptr d; return bpf_dynptr_size(&d); }
BAD("tc", "arg#0 expected pointer to stack or const struct bpf_dynptr") int size_null(SKB) { return bpf_dynptr_size(NULL); }
OK("tc") int clone(SKB) { struct bpf_dynptr d, e; bpf_dynptr_from_skb(ctx, 0, &d); bpf_dynptr_clone(&d, &e); return bpf_dynptr_size(&e) * 0; }
OK("tc") int clone_onto_self(SKB) { struct bpf_dynptr d; bpf_dynptr_from_skb(ctx, 0, &d); bpf_dynptr_clone(&d, &d); return bpf_dynptr_size(&d) * 0; }
BAD("tc", "Expected an initialized dynptr as arg #0") int clone_uninit(SKB) { struct bpf_dynptr d, e; bpf_dynptr_clone(&d, &e); return 0; }
OK("tc") int clone_ringbuf(SKB) { struct bpf_dynptr d, e; bpf_ringbuf_reserve_dynptr(&rb, 8, 0, &d); bpf_dynptr_clone(&d, &e); bpf_ringbuf_submit_dynptr(&e, 0); return 0; }
BAD("tc", "Expected an initialized dynptr as arg #0") int clone_ringbuf_after(SKB) { struct bpf_dynptr d, e; bpf_ringbuf_reserve_dynptr(&rb, 8, 0, &d); bpf_dynptr_clone(&d, &e); bpf_ringbuf_submit_dynptr(&e, 0); return bpf_dynptr_size(&d); }
BAD("tc", "arg 1 is an unacquired reference") int clone_ringbuf_twice(SKB) { struct bpf_dynptr d, e; bpf_ringbuf_reserve_dynptr(&rb, 8, 0, &d); bpf_dynptr_clone(&d, &e); bpf_ringbuf_submit_dynptr(&e, 0); bpf_ringbuf_submit_dynptr(&d, 0); return 0; }
BAD("tc", "R7 invalid mem access 'scalar'") int clone_ringbuf_data(SKB) { struct bpf_dynptr d, e; char *p; bpf_ringbuf_reserve_dynptr(&rb, 8, 0, &d); bpf_dynptr_clone(&d, &e); p = bpf_dynptr_data(&d, 0, 8); bpf_ringbuf_submit_dynptr(&e, 0); return p ? *p : 0; }
BAD("tc", "cannot overwrite referenced dynptr") int clone_overwrites_original(SKB) { struct bpf_dynptr d, e; bpf_ringbuf_reserve_dynptr(&rb, 8, 0, &d); bpf_dynptr_clone(&d, &e); *(volatile u64 *)&e = 0; bpf_ringbuf_submit_dynptr(&d, 0); return 0; }
BAD("tc", "cannot overwrite referenced dynptr") int clone_both_overwritten(SKB) { struct bpf_dynptr d, e; bpf_ringbuf_reserve_dynptr(&rb, 8, 0, &d); bpf_dynptr_clone(&d, &e); *(volatile u64 *)&e = 0; *(volatile u64 *)&d = 0; return 0; }
BAD("tc", "R8 invalid mem access 'scalar'") int clone_slice_after_pull(SKB) { struct bpf_dynptr d, e; char b[8]; char *p; bpf_dynptr_from_skb(ctx, 0, &d); bpf_dynptr_clone(&d, &e); p = bpf_dynptr_slice(&e, 0, b, 8); if (!p) return 0; bpf_skb_pull_data(ctx, 0); return *p; }
OK("tc") int copy(SKB) { struct bpf_dynptr d, e; bpf_dynptr_from_skb(ctx, 0, &d); bpf_dynptr_from_mem(mem, 64, 0, &e); return bpf_dynptr_copy(&e, 0, &d, 0, 8) * 0; }
OK("tc") int copy_invalidates(SKB) { struct bpf_dynptr d, e; char b[8]; char *p; bpf_dynptr_from_skb(ctx, 0, &d); bpf_dynptr_from_mem(mem, 64, 0, &e); p = bpf_dynptr_slice(&d, 0, b, 8); if (!p) return 0; bpf_dynptr_copy(&d, 0, &e, 0, 8); return *p * 0; }
OK("tc") int copy_keeps(SKB) { struct bpf_dynptr d, e; char b[8]; char *p; bpf_dynptr_from_skb(ctx, 0, &d); bpf_dynptr_from_mem(mem, 64, 0, &e); p = bpf_dynptr_slice(&d, 0, b, 8); if (!p) return 0; bpf_dynptr_copy(&e, 0, &d, 0, 8); return *p * 0; }
OK("tc") int memset_local(SKB) { struct bpf_dynptr d; bpf_dynptr_from_mem(mem, 64, 0, &d); return bpf_dynptr_memset(&d, 0, 8, 1) * 0; }
OK("tc") int memset_skb(SKB) { struct bpf_dynptr d; char b[8]; char *p; bpf_dynptr_from_skb(ctx, 0, &d); p = bpf_dynptr_slice(&d, 0, b, 8); if (!p) return 0; bpf_dynptr_memset(&d, 0, 8, 1); return *p * 0; }
OK("kprobe") int probe_user(void *ctx) { struct bpf_dynptr d; bpf_dynptr_from_mem(mem, 64, 0, &d); return bpf_probe_read_user_dynptr(&d, 0, 8, (void *)8); }
OK("kprobe") int probe_kernel_str(void *ctx) { struct bpf_dynptr d; bpf_dynptr_from_mem(mem, 64, 0, &d); return bpf_probe_read_kernel_str_dynptr(&d, 0, 8, ctx); }
BAD("kprobe", "program must be sleepable to call sleepable kfunc bpf_copy_from_user_dynptr") int copy_user_unsleepable(void *ctx) { struct bpf_dynptr d; bpf_dynptr_from_mem(mem, 64, 0, &d); return bpf_copy_from_user_dynptr(&d, 0, 8, (void *)8); }
OK("syscall") int copy_user(void *ctx) { struct bpf_dynptr d; bpf_dynptr_from_mem(mem, 64, 0, &d); return bpf_copy_from_user_dynptr(&d, 0, 8, (void *)8); }
BAD("syscall", "Possibly NULL pointer passed to trusted arg4") int copy_user_task_null(void *ctx) { struct bpf_dynptr d; struct task_struct *t = bpf_task_from_pid(1); bpf_dynptr_from_mem(mem, 64, 0, &d); bpf_copy_from_user_task_dynptr(&d, 0, 8, (void *)8, t); if (t) bpf_task_release(t); return 0; }
OK("syscall") int copy_user_task(void *ctx) { struct bpf_dynptr d; struct task_struct *t = bpf_task_from_pid(1); if (!t) return 0; bpf_dynptr_from_mem(mem, 64, 0, &d); bpf_copy_from_user_task_dynptr(&d, 0, 8, (void *)8, t); bpf_task_release(t); return 0; }
OK("tc") int probe_user_tc(SKB) { struct bpf_dynptr d; bpf_dynptr_from_mem(mem, 64, 0, &d); return bpf_probe_read_user_dynptr(&d, 0, 8, (void *)8) * 0; }

// Callbacks and user ring buffers.
static long drained(struct bpf_dynptr *d, void *ctx) { int v; bpf_dynptr_read(&v, 4, d, 0, 0); return 0; }
static long drained_two(struct bpf_dynptr *d, void *ctx) { return 2; }
static long drained_submit(struct bpf_dynptr *d, void *ctx) { bpf_ringbuf_submit_dynptr(d, 0); return 0; }
static long drained_write(struct bpf_dynptr *d, void *ctx) { int v = 1; bpf_dynptr_write(d, 0, &v, 4, 0); return 0; }
static long drained_data(struct bpf_dynptr *d, void *ctx) { volatile char *p = bpf_dynptr_data(d, 0, 4); if (p) *p = 1; return 0; }
static long drained_store(struct bpf_dynptr *d, void *ctx) { *(volatile int *)d = 1; return 0; }
static long drained_reinit(struct bpf_dynptr *d, void *ctx) { bpf_dynptr_from_mem(mem, 64, 0, d); return 0; }
static long drained_adjust(struct bpf_dynptr *d, void *ctx) { bpf_dynptr_adjust(d, 1, 2); return 0; }
static long drained_clone(struct bpf_dynptr *d, void *ctx) { struct bpf_dynptr e; bpf_dynptr_clone(d, &e); return bpf_dynptr_size(&e) & 1; }
OK("tc") int drain(SKB) { return bpf_user_ringbuf_drain(&urb, drained, NULL, 0) * 0; }
BAD("tc", "At callback return the register R0 has smin=2 smax=2 should have been in [0, 1]") int drain_two(SKB) { return bpf_user_ringbuf_drain(&urb, drained_two, NULL, 0) * 0; }
BAD("tc", "cannot release unowned const bpf_dynptr") int drain_submit(SKB) { return bpf_user_ringbuf_drain(&urb, drained_submit, NULL, 0) * 0; }
OK("tc") int drain_write(SKB) { return bpf_user_ringbuf_drain(&urb, drained_write, NULL, 0) * 0; }
OK("tc") int drain_data(SKB) { return bpf_user_ringbuf_drain(&urb, drained_data, NULL, 0) * 0; }
BAD("tc", "R1 invalid mem access 'dynptr_ptr'") int drain_store(SKB) { return bpf_user_ringbuf_drain(&urb, drained_store, NULL, 0) * 0; }
BAD("tc", "Dynptr has to be an uninitialized dynptr") int drain_reinit(SKB) { return bpf_user_ringbuf_drain(&urb, drained_reinit, NULL, 0) * 0; }
OK("tc") int drain_adjust(SKB) { return bpf_user_ringbuf_drain(&urb, drained_adjust, NULL, 0) * 0; }
OK("tc") int drain_clone(SKB) { return bpf_user_ringbuf_drain(&urb, drained_clone, NULL, 0) * 0; }
BAD("tc", "cannot pass map_type 27 into func bpf_user_ringbuf_drain#209") int drain_wrong_map(SKB) { return bpf_user_ringbuf_drain(&rb, drained, NULL, 0) * 0; }

static long loop_reads(u32 i, void *ctx) { return bpf_dynptr_size(ctx) * 0; }
static long loop_submits(u32 i, void *ctx) { bpf_ringbuf_submit_dynptr(ctx, 0); return 1; }
static long loop_pulls(u32 i, void *ctx) { bpf_skb_pull_data(ctx, 0); return 0; }
OK("tc") int loop_dynptr(SKB) { struct bpf_dynptr d; bpf_dynptr_from_mem(mem, 64, 0, &d); bpf_loop(3, loop_reads, &d, 0); return 0; }
BAD("tc", "BPF_EXIT instruction in main prog would lead to reference leak") int loop_dynptr_submit(SKB) { struct bpf_dynptr d; bpf_ringbuf_reserve_dynptr(&rb, 8, 0, &d); bpf_loop(1, loop_submits, &d, 0); return 0; }
BAD("tc", "R3 type=ctx expected=fp") int loop_slice(SKB) { struct bpf_dynptr d; char b[8]; char *p; bpf_dynptr_from_skb(ctx, 0, &d); p = bpf_dynptr_slice(&d, 0, b, 8); if (!p) return 0; bpf_loop(1, loop_pulls, ctx, 0); return *p; }

static __noinline int sub_slice(struct bpf_dynptr *d, char *b) { char *p = bpf_dynptr_slice(d, 0, b, 8); return p ? *p : 0; }
static __noinline int sub_init(struct bpf_dynptr *d) { return bpf_dynptr_from_mem(mem, 64, 0, d); }
static __noinline int sub_submit(struct bpf_dynptr *d) { bpf_ringbuf_submit_dynptr(d, 0); return 0; }
OK("tc") int sub_functions(SKB) { struct bpf_dynptr d; char b[8]; sub_init(&d); return sub_slice(&d, b) * 0; }
OK("tc") int sub_submits(SKB) { struct bpf_dynptr d; bpf_ringbuf_reserve_dynptr(&rb, 8, 0, &d); return sub_submit(&d) * 0; }
OK("tc") int loop_reserve(SKB) { struct bpf_dynptr d; int i; for (i = 0; i < 5; i++) { bpf_ringbuf_reserve_dynptr(&rb, 8, 0, &d); bpf_ringbuf_discard_dynptr(&d, 0); } return 0; }
BAD("tc", "Expected an initialized dynptr as arg #0") int at_variable(SKB) { struct bpf_dynptr d[2]; bpf_dynptr_from_mem(mem, 64, 0, &d[0]); bpf_dynptr_from_mem(mem, 64, 0, &d[1]); return bpf_dynptr_size(&d[ctx->len & 1]) * 0; }
BAD("tc", "Expected an initialized dynptr as arg #0") int half(SKB) { struct bpf_dynptr d[2]; bpf_dynptr_from_mem(mem, 64, 0, &d[0]); return bpf_dynptr_size((void *)&d[0] + 8) * 0; }
BAD("tc", "Dynptr has to be an uninitialized dynptr") int misaligned(SKB) { char d[24]; bpf_dynptr_from_mem(mem, 64, 0, (void *)d + 4); return 0; }
