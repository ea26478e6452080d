// SPDX-License-Identifier: Apache-2.0
// Load-acquire, store-release and atomics on every kind of memory.
#include "features.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, int);
	__type(value, u64[4]);
} arr SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} rb SEC(".maps");


u64 global;
const volatile u64 constant = 5;

// ATOMIC(size, dst, src, off, imm): class STX, mode ATOMIC.
#define INSN(op, dst, src, off, imm) ".byte " #op ", " #dst "|(" #src "<<4); .2byte " #off "; .4byte " #imm ";"
#define A1(dst, src, off, imm) INSN(0xd3, dst, src, off, imm)
#define A2(dst, src, off, imm) INSN(0xcb, dst, src, off, imm)
#define A4(dst, src, off, imm) INSN(0xc3, dst, src, off, imm)
#define A8(dst, src, off, imm) INSN(0xdb, dst, src, off, imm)
#define LA 0x100
#define SR 0x110
#define NAKED(v, sec, name, text) v __naked int name(void) { asm volatile(text "r0 = 0; exit;" ::: ); }
#define STACK "r2 = 7; *(u64 *)(r10 - 8) = r2;"

NAKED(OK("socket"), , acquire_stack8, STACK A8(1, 10, -8, LA))
NAKED(OK("socket"), , acquire_stack4, STACK A4(1, 10, -8, LA))
NAKED(OK("socket"), , acquire_stack2, STACK A2(1, 10, -6, LA))
NAKED(OK("socket"), , acquire_stack1, STACK A1(1, 10, -3, LA))
NAKED(BAD("socket", "misaligned stack access off 0+0+-12 size 8"), , acquire_misaligned8, STACK A8(1, 10, -12, LA))
NAKED(BAD("socket", "misaligned stack access off 0+0+-7 size 4"), , acquire_misaligned4, STACK A4(1, 10, -7, LA))
NAKED(BAD("socket", "misaligned stack access off 0+0+-7 size 2"), , acquire_misaligned2, STACK A2(1, 10, -7, LA))
NAKED(BAD("socket", "misaligned stack access off 0+0+-12 size 8"), , release_misaligned8, STACK A8(10, 2, -12, SR))
NAKED(BAD("socket", "misaligned stack access off 0+0+-7 size 2"), , release_misaligned2, STACK A2(10, 2, -7, SR))
NAKED(OK("socket"), , release_stack1, STACK A1(10, 2, -3, SR))
NAKED(OK("socket"), , release_stack8_pointer, A8(10, 1, -8, SR) "r1 = *(u64 *)(r10 - 8); r0 = *(u32 *)(r1 + 0);")
NAKED(BAD("socket", "invalid size of register spill"), , release_stack4_pointer, A4(10, 1, -8, SR))
NAKED(OK("socket"), , acquire_pointer, "*(u64 *)(r10 - 8) = r1;" A8(3, 10, -8, LA) "r0 = *(u32 *)(r3 + 0);")
NAKED(BAD("socket", "invalid size of register fill"), , acquire_pointer_part, "*(u64 *)(r10 - 8) = r1;" A4(3, 10, -8, LA))
NAKED(BAD("socket", "R3 !read_ok"), , acquire_uninit_src, A8(1, 3, -8, LA))
NAKED(BAD("socket", "R3 !read_ok"), , release_uninit_dst, A8(3, 1, -8, SR))
NAKED(BAD("socket", "R3 !read_ok"), , release_uninit_src, A8(10, 3, -8, SR))
NAKED(BAD("socket", "frame pointer is read only"), , acquire_into_fp, STACK A8(10, 10, -8, LA))
NAKED(BAD("socket", "R2 invalid mem access 'scalar'"), , acquire_from_scalar, "r2 = 0;" A8(1, 2, 0, LA))
NAKED(BAD("socket", "R2 invalid mem access 'scalar'"), , release_to_scalar, "r2 = 0;" A8(2, 2, 0, SR))
NAKED(BAD("socket", "BPF_ATOMIC loads from R1 ctx is not allowed"), , acquire_ctx, A4(2, 1, 0, LA))
NAKED(BAD("socket", "invalid bpf_context access off=0 size=8"), , acquire_ctx_bad_field, A8(2, 1, 0, LA))
NAKED(BAD("tc", "BPF_ATOMIC stores into R1 ctx is not allowed"), , release_ctx, "r2 = 0;" A4(1, 2, 8, SR))
NAKED(BAD("tc", "BPF_ATOMIC stores into R1 ctx is not allowed"), , add_ctx, "r2 = 0;" A4(1, 2, 48, 0))
NAKED(BAD("tc", "BPF_ATOMIC stores into R1 ctx is not allowed"), , add_ctx_readonly, "r2 = 0;" A4(1, 2, 0, 0))
NAKED(BAD("socket", "invalid read from stack R10 off=-520 size=8"), , acquire_below_stack, A8(2, 10, -520, LA))
NAKED(BAD("socket", "invalid read from stack R10 off=0 size=8"), , acquire_above_stack, A8(2, 10, 0, LA))
NAKED(BAD("socket", "invalid write to stack R10 off=0 size=8"), , release_above_stack, "r2 = 0;" A8(10, 2, 0, SR))
NAKED(OK("socket"), , acquire_uninit_stack, A8(2, 10, -8, LA))
NAKED(OK("socket"), , acquire_constant_index,
	"*(u64 *)(r10 - 8) = 3;" A8(3, 10, -8, LA) "r1 = r10; r1 += -16; *(u64 *)(r10 - 16) = 1; r1 += r3; r0 = *(u8 *)(r1 + 0);")
NAKED(OK("socket"), , acquire_byte_bounded,
	A1(3, 10, -8, LA) "if r3 > 255 goto 1f; r0 = 0; exit; 1: r0 = *(u64 *)(r3 + 0);")
NAKED(OK("socket"), , acquire_half_bounded,
	A2(3, 10, -8, LA) "if r3 > 65535 goto 1f; r0 = 0; exit; 1: r0 = *(u64 *)(r3 + 0);")
NAKED(OK("socket"), , acquire_word_bounded,
	A4(3, 10, -8, LA) "r3 >>= 32; if r3 != 0 goto 1f; r0 = 0; exit; 1: r0 = *(u64 *)(r3 + 0);")
NAKED(BAD("socket", "invalid atomic operand size"), , add_byte, STACK A1(10, 2, -8, 0))
NAKED(BAD("socket", "invalid atomic operand size"), , add_half, STACK A2(10, 2, -8, 0))
NAKED(BAD("socket", "BPF_ATOMIC uses invalid atomic opcode 120"), , unknown_op, STACK A8(10, 2, -8, 0x120))
NAKED(BAD("socket", "BPF_ATOMIC uses invalid atomic opcode 02"), , unknown_op2, STACK A8(10, 2, -8, 0x02))
NAKED(BAD("socket", "BPF_ATOMIC uses invalid atomic opcode 101"), , unknown_op3, STACK A8(10, 2, -8, 0x101))
NAKED(BAD("socket", "BPF_ATOMIC uses invalid atomic opcode 10"), , sub_op, STACK A8(10, 2, -8, 0x10))
NAKED(BAD("socket", "BPF_ATOMIC uses invalid atomic opcode 111"), , byte_unknown_op, STACK A1(10, 2, -8, 0x111))
NAKED(OK("socket"), , or_and_xor, STACK A8(10, 2, -8, 0x40) A4(10, 2, -8, 0x50) A8(10, 2, -8, 0xa0))
NAKED(OK("socket"), , fetch_ops, STACK A8(10, 2, -8, 0x01) A8(10, 2, -8, 0x41) A8(10, 2, -8, 0x51) A8(10, 2, -8, 0xa1) A8(10, 2, -8, 0xe1))
NAKED(OK("socket"), , fetch_ops32, STACK A4(10, 2, -8, 0x01) A4(10, 2, -4, 0x41) A4(10, 2, -8, 0x51) A4(10, 2, -8, 0xa1) A4(10, 2, -8, 0xe1))
NAKED(BAD("socket", "BPF_ATOMIC uses invalid atomic opcode e0"), , xchg_without_fetch, STACK A8(10, 2, -8, 0xe0))
NAKED(BAD("socket", "R0 !read_ok"), , cmpxchg_without_r0, STACK A8(10, 2, -8, 0xf1))
NAKED(OK("socket"), , cmpxchg, STACK "r0 = 7;" A8(10, 2, -8, 0xf1))
NAKED(OK("socket"), , cmpxchg32, STACK "r0 = 7;" A4(10, 2, -8, 0xf1) "r0 >>= 32; if r0 == 0 goto 1f; r0 = *(u64 *)(r0 + 0); 1:")
NAKED(BAD("socket", "R0 invalid mem access 'scalar'"), , cmpxchg_pointer_r0, STACK "r0 = r1;" A8(10, 2, -8, 0xf1) "r0 = *(u64 *)(r10 - 8); r0 = *(u32 *)(r0 + 0);")
NAKED(OK("socket"), , cmpxchg_spilled_pointer, "*(u64 *)(r10 - 8) = r1; r0 = 0; r2 = 0;" A8(10, 2, -8, 0xf1) "r0 = *(u32 *)(r0 + 0);")
NAKED(OK("socket"), , add_pointer, STACK A8(10, 1, -8, 0))
NAKED(OK("socket"), , xchg_pointer, STACK A8(10, 1, -8, 0xe1))
NAKED(BAD("socket", "R1 invalid mem access 'scalar'"), , add_spilled_pointer, "*(u64 *)(r10 - 8) = r1; r2 = 8;" A8(10, 2, -8, 0) "r1 = *(u64 *)(r10 - 8); r0 = *(u32 *)(r1 + 0);")
NAKED(BAD("socket", "R3 !read_ok"), , add_uninit_src, STACK A8(10, 3, -8, 0))
NAKED(BAD("socket", "frame pointer is read only"), , fetch_into_fp, STACK A8(10, 10, -8, 1))
NAKED(OK("socket"), , add_uninit_stack, "r2 = 1;" A8(10, 2, -8, 0))
NAKED(OK("socket"), , fetch_uninit_stack, "r2 = 1;" A8(10, 2, -8, 1))
NAKED(OK("socket"), , fetch_then_index, STACK A8(10, 2, -8, 1) "r1 = r10; r1 += r2; r0 = *(u8 *)(r1 - 8);")
NAKED(BAD("socket", "misaligned stack access off 0+0+-12 size 8"), , add_misaligned, STACK A8(10, 2, -12, 0))
NAKED(BAD("socket", "misaligned stack access off 0+0+-6 size 4"), , add_misaligned4, STACK A4(10, 2, -6, 0))
NAKED(BAD("socket", "BPF_LDX uses reserved fields"), , atomic_ldx_class, STACK INSN(0xd9, 1, 10, -8, 0))
NAKED(BAD("socket", "unknown opcode da"), , atomic_st_class, STACK INSN(0xda, 10, 2, -8, 0))
NAKED(OK("socket"), , after_fetch_word_bounded, STACK A4(10, 2, -8, 1) "r2 >>= 32; if r2 == 0 goto 1f; r2 = *(u64 *)(r2 + 0); 1:")

#define PKT "r6 = *(u32 *)(r1 + 76); r7 = *(u32 *)(r1 + 80); r2 = r6; r2 += 8; if r2 > r7 goto 1f; r2 = 1;"
NAKED(BAD("tc", "misaligned packet access off 2+0+0+0 size 8"), , acquire_packet, PKT A8(3, 6, 0, LA) "1:")
NAKED(BAD("tc", "misaligned packet access off 2+0+0+0 size 8"), , release_packet, PKT A8(6, 2, 0, SR) "1:")
NAKED(BAD("tc", "BPF_ATOMIC stores into R6 pkt is not allowed"), , add_packet, PKT A8(6, 2, 0, 0) "1:")
NAKED(BAD("tc", "BPF_ATOMIC stores into R6 pkt is not allowed"), , fetch_packet, PKT A8(6, 2, 0, 1) "1:")
NAKED(BAD("tc", "misaligned packet access off 2+0+0+8 size 8"), , acquire_packet_beyond, PKT A8(3, 6, 8, LA) "1:")
NAKED(BAD("tc", "R7 invalid mem access 'pkt_end'"), , acquire_packet_end, PKT A8(3, 7, 0, LA) "1:")
NAKED(BAD("socket", "invalid bpf_context access off=76 size=4"), , acquire_packet_socket, A4(3, 1, 76, LA))
#define XPKT "r6 = *(u32 *)(r1 + 0); r7 = *(u32 *)(r1 + 4); r2 = r6; r2 += 8; if r2 > r7 goto 1f; r2 = 1;"
NAKED(BAD("xdp", "misaligned packet access off 2+0+0+0 size 8"), , acquire_xdp, XPKT A8(3, 6, 0, LA) "1:")
NAKED(BAD("xdp", "BPF_ATOMIC stores into R6 pkt is not allowed"), , add_xdp, XPKT A8(6, 2, 0, 0) "1:")
#define SK "r6 = *(u64 *)(r1 + 168); if r6 == 0 goto 1f; r2 = 1;"
NAKED(BAD("tc", "BPF_ATOMIC loads from R6 sock_common is not allowed"), , acquire_sock_common, SK A4(3, 6, 4, LA) "1:")
NAKED(BAD("tc", "R6 cannot write into sock_common"), , release_sock_common, SK A4(6, 2, 4, SR) "1:")
NAKED(BAD("tc", "R6 invalid mem access 'sock_common_or_null'"), , acquire_sock_or_null, "r6 = *(u64 *)(r1 + 168);" A4(3, 6, 4, LA))
#define FSK SK "r1 = r6; call %[bpf_sk_fullsock]; if r0 == 0 goto 1f; r6 = r0; r2 = 1;"
#define NAKEDI(v, name, text) v __naked int name(void) { asm volatile(text "r0 = 0; exit;" :: __imm(bpf_sk_fullsock), __imm(bpf_tcp_sock), __imm(bpf_map_lookup_elem), __imm(bpf_ringbuf_reserve), __imm(bpf_ringbuf_discard), __imm_addr(arr), __imm_addr(rb), __imm_addr(global), __imm_addr(constant)); }
#define __imm(name) [name] "i"(name)
#define __imm_addr(name) [name] "i"(&name)
NAKEDI(BAD("tc", "BPF_ATOMIC loads from R6 sock is not allowed"), acquire_sock, FSK A4(3, 6, 0, LA) "1:")
NAKEDI(BAD("tc", "BPF_ATOMIC stores into R6 sock is not allowed"), add_sock, FSK A4(6, 2, 0, 0) "1:")
NAKEDI(BAD("tc", "BPF_ATOMIC loads from R6 tcp_sock is not allowed"), acquire_tcp_sock, SK "r1 = r6; call %[bpf_tcp_sock]; if r0 == 0 goto 1f; r6 = r0; r2 = 1;" A4(3, 6, 0, LA) "1:")
NAKED(BAD("flow_dissector", "BPF_ATOMIC loads from R6 flow_keys is not allowed"), , acquire_flow_keys, "r6 = *(u64 *)(r1 + 144);" A2(3, 6, 0, LA))
NAKED(BAD("flow_dissector", "BPF_ATOMIC stores into R6 flow_keys is not allowed"), , release_flow_keys, "r6 = *(u64 *)(r1 + 144); r2 = 1;" A2(6, 2, 0, SR))
NAKED(BAD("flow_dissector", "BPF_ATOMIC stores into R6 flow_keys is not allowed"), , add_flow_keys, "r6 = *(u64 *)(r1 + 144); r2 = 1;" A4(6, 2, 4, 0))
#define LOOKUP "*(u32 *)(r10 - 4) = 0; r2 = r10; r2 += -4; r1 = %[arr] ll; call %[bpf_map_lookup_elem]; if r0 == 0 goto 1f; r2 = 1;"
NAKEDI(OK("socket"), acquire_value, LOOKUP A8(3, 0, 24, LA) A1(3, 0, 31, LA) "1:")
NAKEDI(OK("socket"), release_value, LOOKUP A8(0, 2, 24, SR) A4(0, 2, 4, SR) "1:")
NAKEDI(BAD("socket", "R0 min value is outside of the allowed memory range"), acquire_value_beyond, LOOKUP A8(3, 0, 32, LA) "1:")
NAKEDI(BAD("socket", "R0 invalid mem access 'scalar'"), release_value_pointer, LOOKUP A8(0, 10, 0, SR) "r0 = *(u64 *)(r0 + 0); r0 = *(u64 *)(r0 - 8); 1:")
NAKEDI(BAD("socket", "invalid size of register spill"), acquire_value_or_null, "*(u32 *)(r10 - 4) = r1; r2 = r10; r2 += -4; r1 = %[arr] ll; call %[bpf_map_lookup_elem];" A8(3, 0, 0, LA))
NAKEDI(OK("socket"), acquire_map_ptr, "r1 = %[arr] ll;" A8(3, 1, 0, LA))
NAKEDI(BAD("socket", "only read from bpf_array is supported"), add_map_ptr, "r1 = %[arr] ll; r2 = 1;" A8(1, 2, 0, 0))
NAKEDI(BAD("socket", "only read from bpf_array is supported"), release_map_ptr, "r1 = %[arr] ll; r2 = 1;" A8(1, 2, 0, SR))
NAKEDI(OK("socket"), acquire_const, "r1 = %[constant] ll;" A8(3, 1, 0, LA) "if r3 == 0 goto 1f; 1:")
NAKEDI(BAD("socket", "write into map forbidden, value_size=8 off=0 size=8"), release_const, "r1 = %[constant] ll; r2 = 1;" A8(1, 2, 0, SR))
NAKEDI(BAD("socket", "write into map forbidden, value_size=8 off=0 size=8"), add_const, "r1 = %[constant] ll; r2 = 1;" A8(1, 2, 0, 0))
NAKEDI(OK("socket"), value_ops, "r1 = %[global] ll; r2 = 1; r0 = 1;" A8(1, 2, 0, 0) A8(1, 2, 0, 0xf1) A4(1, 2, 4, 0xe1) A2(1, 2, 6, SR))
NAKEDI(OK("socket"), ringbuf_ops, "r1 = %[rb] ll; r2 = 16; r3 = 0; call %[bpf_ringbuf_reserve]; if r0 == 0 goto 1f; r1 = r0; r2 = 1;" A8(1, 2, 8, 1) A8(1, 2, 0, SR) A8(3, 1, 0, LA) "r2 = 0; call %[bpf_ringbuf_discard]; 1:")
NAKEDI(BAD("socket", "R1 min value is outside of the allowed memory range"), ringbuf_ops_beyond, "r1 = %[rb] ll; r2 = 16; r3 = 0; call %[bpf_ringbuf_reserve]; if r0 == 0 goto 1f; r1 = r0; r2 = 1;" A8(1, 2, 16, 1) "r2 = 0; call %[bpf_ringbuf_discard]; 1:")

// Kernel structures.
NAKED(OK("tp_btf/task_newtask"), , acquire_btf, "r1 = *(u64 *)(r1 + 0);" A8(3, 1, 32, LA))
NAKED(BAD("tp_btf/task_newtask", "only read is supported"), , release_btf, "r1 = *(u64 *)(r1 + 0); r2 = 0;" A8(1, 2, 32, SR))
NAKED(BAD("tp_btf/task_newtask", "only read is supported"), , add_btf, "r1 = *(u64 *)(r1 + 0); r2 = 0;" A8(1, 2, 32, 0))
