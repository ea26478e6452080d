// SPDX-License-Identifier: Apache-2.0
// Arenas: casts, accesses, atomics, functions.
#include "features.h"

#define __arena __attribute__((address_space(1)))
struct {
	__uint(type, BPF_MAP_TYPE_ARENA);
	__uint(map_flags, 1 << 10);
	__uint(max_entries, 10);
	__ulong(map_extra, 0x1ull << 44);
} arena SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 4); __type(key, int); __type(value, u64); } am SEC(".maps");

bpf_ksym void __arena *bpf_arena_alloc_pages(void *map, void __arena *addr, u32 page_cnt, int node_id, u64 flags);
bpf_ksym void bpf_arena_free_pages(void *map, void __arena *ptr, u32 page_cnt);
bpf_ksym int bpf_arena_reserve_pages(void *map, void __arena *addr, u32 page_cnt);

#define USE "r1 = %[arena] ll;"
#define CAST(dst, src) ".byte 0xbf, " #dst "|(" #src "<<4); .2byte 1; .4byte 1;"
#define UNCAST(dst, src) ".byte 0xbf, " #dst "|(" #src "<<4); .2byte 1; .4byte 0x10000;"
#define ANY(dst, src, off, imm) ".byte 0xbf, " #dst "|(" #src "<<4); .2byte " #off "; .4byte " #imm ";"
#define A(op, dst, src, off, imm) ".byte " #op ", " #dst "|(" #src "<<4); .2byte " #off "; .4byte " #imm ";"
#define NAKED(name, text) __naked int name(void) { asm volatile(text "r0 = 0; exit;" :: [arena]"i"(&arena), [am]"i"(&am), [alloc]"i"(bpf_arena_alloc_pages), [free]"i"(bpf_arena_free_pages), [reserve]"i"(bpf_arena_reserve_pages), [rnd]"i"(bpf_get_prandom_u32), [probe]"i"(bpf_probe_read_kernel), [lookup]"i"(bpf_map_lookup_elem)); }

OK("syscall") NAKED(cast, USE "r2 = 8;" CAST(2, 2) "r0 = *(u64 *)(r2 + 0);")
OK("syscall") NAKED(cast_write, USE "r2 = 8;" CAST(2, 2) "*(u64 *)(r2 + 100) = 1; *(u8 *)(r2 - 3) = r1;")
OK("syscall") NAKED(cast_write_number, USE "r2 = 8; r3 = 1;" CAST(2, 2) "*(u64 *)(r2 + 100) = r3;")
BAD("syscall", "addr_space_cast insn can only be used in a program that has an associated arena") NAKED(cast_no_arena, "r2 = 8;" CAST(2, 2) "r0 = *(u64 *)(r2 + 0);")
BAD("syscall", "R2 invalid mem access 'scalar'") NAKED(uncast_deref, USE "r2 = 8;" UNCAST(2, 2) "r0 = *(u64 *)(r2 + 0);")
OK("syscall") NAKED(uncast, USE "r2 = 8;" CAST(2, 2) UNCAST(3, 2))
OK("syscall") NAKED(cast_ctx, "r6 = r1;" USE CAST(2, 6) "r0 = *(u64 *)(r2 + 0);")
OK("syscall") NAKED(cast_stack, USE CAST(2, 10) "r0 = *(u64 *)(r2 + 0);")
BAD("syscall", "R3 !read_ok") NAKED(cast_uninit, USE CAST(2, 3))
BAD("syscall", "BPF_MOV uses reserved fields") NAKED(cast_off2, USE "r2 = 8;" ANY(2, 2, 2, 1))
BAD("syscall", "addr_space_cast insn can only convert between address space 1 and 0") NAKED(cast_imm0, USE "r2 = 8;" ANY(2, 2, 1, 0))
BAD("syscall", "addr_space_cast insn can only convert between address space 1 and 0") NAKED(cast_imm3, USE "r2 = 8;" ANY(2, 2, 1, 3))
BAD("syscall", "addr_space_cast insn can only convert between address space 1 and 0") NAKED(cast_imm2, USE "r2 = 8;" ANY(2, 2, 1, 2))
OK("syscall") NAKED(arith, USE "r2 = 8;" CAST(2, 2) "r2 += 5; r2 *= 3; r2 -= 100; r0 = *(u64 *)(r2 + 0);")
OK("syscall") NAKED(arith_unknown, USE "call %[rnd]; r2 = 8;" CAST(2, 2) "r2 += r0; r0 = *(u64 *)(r2 + 0);")
OK("syscall") NAKED(arith_scalar_first, USE "call %[rnd]; r2 = 8;" CAST(2, 2) "r0 += r2; r1 = *(u64 *)(r0 + 0);")
OK("syscall") NAKED(arith_32, USE "r2 = 8;" CAST(2, 2) "w2 += 5; r0 = *(u64 *)(r2 + 0);")
OK("syscall") NAKED(arith_and, USE "r2 = 8;" CAST(2, 2) "r2 &= -8; r0 = *(u64 *)(r2 + 0);")
OK("syscall") NAKED(arith_two, USE "r2 = 8;" CAST(2, 2) CAST(3, 2) "r2 += r3; r0 = *(u64 *)(r2 + 0);")
OK("syscall") NAKED(arith_shift, USE "r2 = 8;" CAST(2, 2) "r2 <<= 4;")
OK("syscall") NAKED(arith_ctx, "r6 = r1;" USE "r2 = 8;" CAST(2, 2) "r2 += r6;")
OK("syscall") NAKED(arith_to_ctx, "r6 = r1;" USE "r2 = 8;" CAST(2, 2) "r6 += r2;")
OK("syscall") NAKED(arith_scalar_minus, USE "call %[rnd]; r2 = 8;" CAST(2, 2) "r0 -= r2; r1 = *(u64 *)(r0 + 0);")
OK("syscall") NAKED(arith_scalar_times, USE "call %[rnd]; r2 = 8;" CAST(2, 2) "r0 *= r2; r1 = *(u64 *)(r0 + 0);")
OK("syscall") NAKED(arith_scalar_and, USE "call %[rnd]; r2 = 8;" CAST(2, 2) "r0 &= r2; r1 = *(u64 *)(r0 + 0);")
OK("syscall") NAKED(arith_scalar_shift, USE "call %[rnd]; r2 = 8;" CAST(2, 2) "r0 <<= r2; r1 = *(u64 *)(r0 + 0);")
OK("syscall") NAKED(arith_scalar_div, USE "call %[rnd]; r2 = 8;" CAST(2, 2) "r0 /= r2; r1 = *(u64 *)(r0 + 0);")
OK("syscall") NAKED(arith_scalar_mod, USE "call %[rnd]; r2 = 8;" CAST(2, 2) "w0 %%= w2; r1 = *(u64 *)(r0 + 0);")
OK("syscall") NAKED(arith_scalar32, USE "call %[rnd]; r2 = 8;" CAST(2, 2) "w0 += w2; r1 = *(u64 *)(r0 + 0);")
OK("syscall") NAKED(arith_const_first, USE "r0 = 5; r2 = 8;" CAST(2, 2) "r0 += r2; r1 = *(u64 *)(r0 + 0);")
OK("syscall") NAKED(arith_stack_first, USE "r6 = r10; r2 = 8;" CAST(2, 2) "r6 += r2; r1 = *(u64 *)(r6 + 0);")
OK("syscall") NAKED(arith_ctx_minus, "r6 = r1;" USE "r2 = 8;" CAST(2, 2) "r6 -= r2; r0 = *(u64 *)(r6 + 0);")
OK("syscall") NAKED(arith_map_first, USE "r2 = 8;" CAST(2, 2) "r1 += r2; r0 = *(u64 *)(r1 + 0);")
BAD("syscall", "frame pointer is read only") NAKED(arith_fp, USE "r2 = 8;" CAST(2, 2) "r10 += r2;")
BAD("syscall", "R2 invalid mem access 'scalar'") NAKED(arith_scalar_neg, USE "r2 = 8;" CAST(2, 2) "r2 = -r2; r0 = *(u64 *)(r2 + 0);")
BAD("syscall", "R2 invalid mem access 'scalar'") NAKED(arith_scalar_bswap, USE "r2 = 8;" CAST(2, 2) "r2 = be64 r2; r0 = *(u64 *)(r2 + 0);")
OK("syscall") NAKED(arith_arena_by_ctx, "r6 = r1;" USE "r2 = 8;" CAST(2, 2) "r2 += r6; r0 = *(u64 *)(r2 + 0);")
BAD("syscall", "R7 !read_ok") NAKED(arith_arena_uninit, USE "r2 = 8;" CAST(2, 2) "r2 += r7; r0 = *(u64 *)(r2 + 0);")
OK("syscall") NAKED(neg, USE "r2 = 8;" CAST(2, 2) "r2 = -r2;")
OK("syscall") NAKED(div, USE "r2 = 8;" CAST(2, 2) "r2 /= 2; r0 = *(u64 *)(r2 + 0);")
OK("syscall") NAKED(mov32, USE "r2 = 8;" CAST(2, 2) "w3 = w2;")
BAD("syscall", "R3 invalid mem access 'scalar'") NAKED(mov32_deref, USE "r2 = 8;" CAST(2, 2) "w3 = w2; r0 = *(u64 *)(r3 + 0);")
OK("syscall") NAKED(compare, USE "r2 = 8;" CAST(2, 2) "if r2 == 0 goto 1f; r0 = *(u64 *)(r2 + 0); 1:")
OK("syscall") NAKED(compare_zero_read, USE "r2 = 8;" CAST(2, 2) "if r2 != 0 goto 1f; r0 = *(u64 *)(r2 + 0); 1:")
OK("syscall") NAKED(compare_gt, USE "r2 = 8;" CAST(2, 2) "if r2 > 5 goto 1f; r0 = *(u64 *)(r2 + 0); 1:")
OK("syscall") NAKED(compare_ctx, "r6 = r1;" USE "r2 = 8;" CAST(2, 2) "if r2 > r6 goto 1f; r0 = *(u64 *)(r2 + 0); 1:")
OK("syscall") NAKED(spill, USE "r2 = 8;" CAST(2, 2) "*(u64 *)(r10 - 8) = r2; r3 = *(u64 *)(r10 - 8); r0 = *(u64 *)(r3 + 0);")
BAD("syscall", "invalid size of register spill") NAKED(spill32, USE "r2 = 8;" CAST(2, 2) "*(u32 *)(r10 - 8) = r2; r3 = *(u32 *)(r10 - 8); r0 = *(u64 *)(r3 + 0);")
OK("syscall") NAKED(store_pointer, "r6 = r1;" USE "r2 = 8;" CAST(2, 2) "*(u64 *)(r2 + 0) = r6;")
OK("syscall") NAKED(store_arena, USE "r2 = 8;" CAST(2, 2) "*(u64 *)(r2 + 0) = r2;")
OK("syscall") NAKED(load_sx, USE "r2 = 8;" CAST(2, 2) "r0 = *(s8 *)(r2 + 0);")
OK("syscall") NAKED(load_sx32, USE "r2 = 8;" CAST(2, 2) "r0 = *(s32 *)(r2 + 0);")
OK("syscall") NAKED(atomic_add, USE "r2 = 8; r3 = 1;" CAST(2, 2) A(0xdb, 2, 3, 0, 0))
OK("syscall") NAKED(atomic_fetch, USE "r2 = 8; r3 = 1;" CAST(2, 2) A(0xdb, 2, 3, 0, 1))
OK("syscall") NAKED(atomic_cmpxchg, USE "r2 = 8; r3 = 1; r0 = 1;" CAST(2, 2) A(0xc3, 2, 3, 0, 0xf1))
OK("syscall") NAKED(atomic_acquire, USE "r2 = 8;" CAST(2, 2) A(0xdb, 3, 2, 0, 0x100))
OK("syscall") NAKED(atomic_acquire8, USE "r2 = 8;" CAST(2, 2) A(0xd3, 3, 2, 0, 0x100))
BAD("syscall", "R3 !read_ok") NAKED(atomic_release, USE "r2 = 8;" CAST(2, 2) A(0xdb, 2, 3, 0, 0x110))
OK("syscall") NAKED(atomic_release_set, USE "r2 = 8; r3 = 1;" CAST(2, 2) A(0xdb, 2, 3, 0, 0x110))
OK("syscall") NAKED(atomic_pointer, "r6 = r1;" USE "r2 = 8;" CAST(2, 2) A(0xdb, 2, 6, 0, 0))
BAD("syscall", "invalid atomic operand size") NAKED(atomic_byte, USE "r2 = 8; r3 = 1;" CAST(2, 2) A(0xd3, 2, 3, 0, 0))
BAD("syscall", "R1 type=arena expected=fp, pkt, pkt_meta, map_key, map_value, mem, ringbuf_mem, buf, trusted_ptr_") NAKED(to_helper, USE "r2 = 8;" CAST(1, 2) "r2 = 8; r3 = 0; call %[probe];")
BAD("syscall", "invalid zero-sized read") NAKED(map_lookup, USE "r2 = r10; r2 += -4; *(u32 *)(r10 - 4) = 0; call %[lookup];")
OK("syscall") NAKED(map_ptr_read, USE "r0 = *(u64 *)(r1 + 0);")
BAD("syscall", "R0 invalid mem access 'scalar'") NAKED(alloc, USE "r2 = 0; r3 = 1; r4 = -1; r5 = 0; call %[alloc]; if r0 == 0 goto 1f; *(u64 *)(r0 + 0) = 1; 1:")
BAD("syscall", "R0 invalid mem access 'scalar'") NAKED(alloc_unchecked, USE "r2 = 0; r3 = 1; r4 = -1; r5 = 0; call %[alloc]; *(u64 *)(r0 + 0) = 1;")
OK("syscall") NAKED(alloc_free, USE "r2 = 0; r3 = 1; r4 = -1; r5 = 0; call %[alloc]; r2 = r0; r1 = %[arena] ll; r3 = 1; call %[free];")
OK("syscall") NAKED(alloc_wrong_map, USE "r1 = %[am] ll; r2 = 0; r3 = 1; r4 = -1; r5 = 0; call %[alloc];")
BAD("syscall", "pointer in R1 isn't map pointer") NAKED(alloc_number, "r1 = 5; r2 = 0; r3 = 1; r4 = -1; r5 = 0; call %[alloc];")
BAD("syscall", "R3 is not a scalar") NAKED(alloc_pointer, "r6 = r1;" USE "r2 = 0; r3 = r6; r4 = -1; r5 = 0; call %[alloc];")
OK("syscall") NAKED(free_number, USE "r2 = 5; r3 = 1; call %[free];")
OK("syscall") NAKED(free_ctx, "r6 = r1;" USE "r2 = r6; r3 = 1; call %[free];")
OK("syscall") NAKED(reserve, USE "r2 = 5; r3 = 1; call %[reserve];")
BAD("tc", "program must be sleepable to call sleepable kfunc bpf_arena_alloc_pages") NAKED(alloc_tc, USE "r2 = 0; r3 = 1; r4 = -1; r5 = 0; call %[alloc];")
OK("tc") NAKED(cast_tc, USE "r2 = 8;" CAST(2, 2) "r0 = *(u64 *)(r2 + 0);")
BAD("syscall", "unreachable insn 5") NAKED(return_arena, USE "r2 = 8;" CAST(0, 2) "exit;")

__noinline int takes(int __arena *p __arg_arena) { return p ? *p : 0; }
__noinline int takes_untagged(int __arena *p) { return p ? *p : 0; }
__noinline int takes_tags(int *p __arg_arena __arg_nonnull) { return 0; }
__noinline int ignores(int *p __arg_arena) { return 1; }
int __arena gvar;
OK("syscall") int pass(void *ctx) { return takes(&gvar) * 0; }
OK("syscall") int pass_number(void *ctx) { (void)gvar; return takes((void __arena *)8) * 0 + gvar * 0; }
OK("syscall") int pass_alloc(void *ctx) { int __arena *p = bpf_arena_alloc_pages(&arena, NULL, 1, -1, 0); return takes(p) * 0; }
OK("syscall") int pass_ctx(void *ctx) { gvar = 1; return ignores(ctx); }
BAD("syscall", "Caller passes invalid args into func#1 ('takes_untagged')") int pass_untagged(void *ctx) { return takes_untagged(&gvar); }
OK("syscall") int pass_tags(void *ctx) { gvar = 1; return takes_tags(NULL); }
OK("syscall") int pass_without_arena(void *ctx) { return ignores((void *)8) * 0; }
struct tree { struct tree __arena *l, *r; int v; };
struct tree __arena root;
OK("syscall") int walk(void *ctx) { struct tree __arena *t = &root; int s = 0; while (t && CAN_LOOP) { s += t->v; t = t->l; } return s * 0; }
OK("syscall") int walk_num(void *ctx) { struct tree __arena *t = &root; int i, s = 0; for (i = 0; i < 30 && t; i++) { s += t->v; t = t->r; } return s * 0; }
static __noinline int sub(struct tree __arena *t) { return t->v; }
OK("syscall") int static_sub(void *ctx) { return sub(&root) * 0; }
static long cb(u32 i, void *c) { return root.v & 1; }
OK("syscall") int callback(void *ctx) { return bpf_loop(4, cb, NULL, 0) * 0; }
OK("syscall") int spinlike(void *ctx) { return __sync_val_compare_and_swap(&root.v, 0, 1) * 0; }
// Not called: its uses give the functions above BTF.
void named(void) { bpf_arena_free_pages(&arena, bpf_arena_alloc_pages(&arena, NULL, 1, 0, 0), bpf_arena_reserve_pages(&arena, NULL, 1)); }
