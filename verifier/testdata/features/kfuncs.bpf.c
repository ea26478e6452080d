// SPDX-License-Identifier: Apache-2.0
// Arguments of kernel functions: sizes, strings, masks, callbacks' contexts.
#include "features.h"

bpf_ksym int bpf_copy_from_user_str(void *dst, u32 dst__sz, const void *unsafe_ptr__ign, u64 flags);
bpf_ksym int bpf_copy_from_user_task_str(void *dst, u32 dst__sz, const void *unsafe_ptr__ign, struct task_struct *tsk, u64 flags);
bpf_ksym int bpf_strnlen(const char *s__ign, size_t count);
bpf_ksym int bpf_strchr(const char *s__ign, char c);
bpf_ksym int bpf_strstr(const char *s1__ign, const char *s2__ign);
bpf_ksym int bpf_strcasecmp(const char *s1__ign, const char *s2__ign);
bpf_ksym struct bpf_cpumask *bpf_cpumask_create(void);
bpf_ksym struct bpf_cpumask *bpf_cpumask_acquire(struct bpf_cpumask *m);
bpf_ksym void bpf_cpumask_release(struct bpf_cpumask *m);
bpf_ksym int bpf_cpumask_populate(struct cpumask *cpumask, void *src, size_t src__sz);
bpf_ksym bool bpf_cpumask_and(struct bpf_cpumask *dst, const struct cpumask *a, const struct cpumask *b);
bpf_ksym bool bpf_cpumask_test_cpu(u32 cpu, const struct cpumask *m);
bpf_ksym int bpf_stream_vprintk_impl(int stream_id, const char *fmt__str, const void *args, u32 len__sz, void *aux__prog);
bpf_ksym int bpf_get_fsverity_digest(struct file *file, struct bpf_dynptr *digest_p);
bpf_ksym struct file *bpf_get_task_exe_file(struct task_struct *task);
bpf_ksym void bpf_put_file(struct file *file);
bpf_ksym s64 bpf_map_sum_elem_count(const struct bpf_map *map);
bpf_ksym struct bpf_key *bpf_lookup_user_key(s32 serial, u64 flags);
bpf_ksym struct bpf_key *bpf_lookup_system_key(u64 id);
bpf_ksym void bpf_key_put(struct bpf_key *bkey);
bpf_ksym void bpf_missing_function(int x) __weak;
void named(void) { struct bpf_iter_num it; bpf_iter_num_new(&it, 0, 1); bpf_cpumask_test_cpu(0, NULL); }
int out;
char buf[64], src[64];
const char fmt[] = "%d";
struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 2); __type(key, int); __type(value, int); } hm SEC(".maps");
#define CTX void *ctx

OK("syscall") int str(CTX) { return bpf_copy_from_user_str(buf, 64, (void *)8, 0); }
OK("syscall") int str_over(CTX) { return bpf_copy_from_user_str(buf, 65, (void *)8, 0); }
OK("syscall") int str_bounded(CTX) { return bpf_copy_from_user_str(buf, bpf_get_prandom_u32() & 63, (void *)8, 0); }
BAD("syscall", "arg#0 arg#1 memory, len pair leads to invalid memory access") int str_unbounded(CTX) { return bpf_copy_from_user_str(buf, bpf_get_prandom_u32(), (void *)8, 0); }
BAD("syscall", "arg#0 arg#1 memory, len pair leads to invalid memory access") int str_null(CTX) { return bpf_copy_from_user_str(NULL, 8, (void *)8, 0); }
OK("syscall") int str_null_zero(CTX) { return bpf_copy_from_user_str(NULL, 0, (void *)8, 0); }
OK("syscall") int str_ctx(CTX) { return bpf_copy_from_user_str(ctx, 8, (void *)8, 0); }
BAD("syscall", "arg#0 arg#1 memory, len pair leads to invalid memory access") int str_rodata(CTX) { return bpf_copy_from_user_str((void *)fmt, 2, (void *)8, 0); }
OK("syscall") int str_stack(CTX) { char b[8]; return bpf_copy_from_user_str(b, 8, (void *)8, 0); }
BAD("syscall", "R4 is not a scalar") int str_pointer_flags(CTX) { return bpf_copy_from_user_str(buf, 8, (void *)8, (long)ctx); }
OK("syscall") int str_task(CTX) { return bpf_copy_from_user_task_str(buf, 8, (void *)8, bpf_get_current_task_btf(), 0); }
BAD("syscall", "arg#3 pointer type STRUCT task_struct must point to scalar, or struct with scalar") int str_task_null(CTX) { return bpf_copy_from_user_task_str(buf, 8, (void *)8, NULL, 0); }
OK("kprobe") int strings(CTX) { return bpf_strnlen((void *)8, 3) + bpf_strchr(buf, 'a') + bpf_strstr(ctx, buf) + bpf_strcasecmp(buf, NULL); }
BAD("kprobe", "R2 is not a scalar") int strings_uninit(CTX) { register long r1 asm("r1"); asm volatile("call %[f]" :: [f]"i"(bpf_strchr) : "r0", "r1", "r2", "r3", "r4", "r5"); return 0; }
OK("syscall") int mask(CTX) { struct bpf_cpumask *m = bpf_cpumask_create(), *n; if (!m) return 0; n = bpf_cpumask_acquire(m); bpf_cpumask_release(n); bpf_cpumask_release(m); return 0; }
BAD("syscall", "BPF_EXIT instruction in main prog would lead to reference leak") int mask_acquire_leak(CTX) { struct bpf_cpumask *m = bpf_cpumask_create(); if (!m) return 0; bpf_cpumask_acquire(m); bpf_cpumask_release(m); return 0; }
BAD("syscall", "R3 must be a rcu pointer") int mask_and(CTX) { struct bpf_cpumask *m = bpf_cpumask_create(); struct task_struct *t = bpf_get_current_task_btf(); if (!m) return 0; bpf_cpumask_and(m, (void *)m, t->cpus_ptr); bpf_cpumask_release(m); return 0; }
BAD("syscall", "Possibly NULL pointer passed to trusted arg2") int mask_and_null(CTX) { struct bpf_cpumask *m = bpf_cpumask_create(); if (!m) return 0; bpf_cpumask_and(m, (void *)m, NULL); bpf_cpumask_release(m); return 0; }
OK("syscall") int mask_populate(CTX) { struct bpf_cpumask *m = bpf_cpumask_create(); if (!m) return 0; bpf_cpumask_populate((void *)m, src, 8); bpf_cpumask_release(m); return 0; }
OK("syscall") int mask_populate_over(CTX) { struct bpf_cpumask *m = bpf_cpumask_create(); if (!m) return 0; bpf_cpumask_populate((void *)m, src, 65); bpf_cpumask_release(m); return 0; }
BAD("syscall", "R2 type=scalar expected=fp") int mask_after_release(CTX) { struct bpf_cpumask *m = bpf_cpumask_create(); if (!m) return 0; bpf_cpumask_release(m); return bpf_cpumask_test_cpu(0, (void *)m); }
OK("kprobe") int stream(CTX) { u64 a = 1; return bpf_stream_vprintk_impl(1, fmt, &a, 8, NULL); }
BAD("kprobe", "Possibly NULL pointer passed to trusted arg2") int stream_no_args(CTX) { return bpf_stream_vprintk_impl(1, fmt, NULL, 0, NULL); }
BAD("kprobe", "R2 does not point to a readonly map'") int stream_writable_fmt(CTX) { return bpf_stream_vprintk_impl(1, buf, NULL, 0, NULL); }
BAD("kprobe", "Possibly NULL pointer passed to trusted arg2") int stream_args_null(CTX) { return bpf_stream_vprintk_impl(1, fmt, NULL, 8, NULL); }
BAD("kprobe", "arg#1 doesn't point to a const string") int stream_stack_fmt(CTX) { char f[] = "a"; return bpf_stream_vprintk_impl(1, f, NULL, 0, NULL); }
OK("iter/bpf_map") int sum(struct bpf_iter__bpf_map *ctx) { struct bpf_map *m = ctx->map; return m ? bpf_map_sum_elem_count(m) * 0 : 0; }
BAD("iter/bpf_map", "Possibly NULL pointer passed to trusted arg0") int sum_null(struct bpf_iter__bpf_map *ctx) { return bpf_map_sum_elem_count(ctx->map) * 0; }
OK("iter/bpf_map") int sum_const(struct bpf_iter__bpf_map *ctx) { return bpf_map_sum_elem_count((void *)&hm) * 0; }
OK("syscall") int key(CTX) { struct bpf_key *k = bpf_lookup_system_key(0); if (k) bpf_key_put(k); return 0; }
BAD("syscall", "BPF_EXIT instruction in main prog would lead to reference leak") int key_leak(CTX) { return bpf_lookup_user_key(1, 0) != NULL; }
BAD("syscall", "Possibly NULL pointer passed to trusted arg0") int key_null(CTX) { bpf_key_put(bpf_lookup_system_key(0)); return 0; }
BAD("socket", "calling kernel function bpf_lookup_system_key is not allowed") int key_socket(CTX) { struct bpf_key *k = bpf_lookup_system_key(0); if (k) bpf_key_put(k); return 0; }
OK("socket") int missing_guarded(CTX) { if (bpf_missing_function) bpf_missing_function(1); return 0; }
BAD("socket", "invalid func unknown#2002000000") int missing_called(CTX) { bpf_missing_function(1); return 0; }
#define UNINIT(name, fn, before) __naked int name(void) { asm volatile(before "call %[f]; r0 = 0; exit;" :: [f]"i"(fn)); }
BAD("syscall", "R3 is not a scalar") UNINIT(uninit_iter, bpf_iter_num_new, "r1 = r10; r1 += -8; r2 = 0;")
BAD("syscall", "arg#0 pointer type UNKNOWN  must point to scalar, or struct with scalar") UNINIT(uninit_size, bpf_copy_from_user_str, "r1 = r10; r1 += -8;")
OK("kprobe") UNINIT(uninit_ignored, bpf_strcasecmp, "r0 = r1; r2 = 0;")
