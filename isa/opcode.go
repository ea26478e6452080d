package isa

// Opcode is one row of the opcode table: one instruction with the legal values
// of its fields. Rows that share an opcode byte differ in a field whose rule is
// RuleIs.
type Opcode struct {
	Op                 Op
	Name               string // unique: "add64_imm"
	Form               Form
	Dst, Src, Off, Imm Rule
	Hi                 Rule // immediate of the second slot, for wide instructions
	Since              Version
	Linux              Release
	Group              Group
}

// opcodes is the instruction set. RFC 9669 appendix A, with the extensions of
// Linux marked by their release.
var opcodes = [...]Opcode{
	// Arithmetic, 64 bits. RFC 9669 section 4.1.
	{0x07, "add64_imm", FormAluImm, reg, zero, zero, val, zero, V1, 0, Base64},
	{0x0f, "add64_reg", FormAluReg, reg, reg, zero, zero, zero, V1, 0, Base64},
	{0x17, "sub64_imm", FormAluImm, reg, zero, zero, val, zero, V1, 0, Base64},
	{0x1f, "sub64_reg", FormAluReg, reg, reg, zero, zero, zero, V1, 0, Base64},
	{0x27, "mul64_imm", FormAluImm, reg, zero, zero, val, zero, V1, 0, DivMul64},
	{0x2f, "mul64_reg", FormAluReg, reg, reg, zero, zero, zero, V1, 0, DivMul64},
	{0x37, "div64_imm", FormAluImm, reg, zero, is(0), val, zero, V1, 0, DivMul64},
	{0x3f, "div64_reg", FormAluReg, reg, reg, is(0), zero, zero, V1, 0, DivMul64},
	{0x37, "sdiv64_imm", FormAluImm, reg, zero, is(1), val, zero, V4, rel(6, 6), DivMul64},
	{0x3f, "sdiv64_reg", FormAluReg, reg, reg, is(1), zero, zero, V4, rel(6, 6), DivMul64},
	{0x47, "or64_imm", FormAluImm, reg, zero, zero, val, zero, V1, 0, Base64},
	{0x4f, "or64_reg", FormAluReg, reg, reg, zero, zero, zero, V1, 0, Base64},
	{0x57, "and64_imm", FormAluImm, reg, zero, zero, val, zero, V1, 0, Base64},
	{0x5f, "and64_reg", FormAluReg, reg, reg, zero, zero, zero, V1, 0, Base64},
	{0x67, "lsh64_imm", FormAluImm, reg, zero, zero, val, zero, V1, 0, Base64},
	{0x6f, "lsh64_reg", FormAluReg, reg, reg, zero, zero, zero, V1, 0, Base64},
	{0x77, "rsh64_imm", FormAluImm, reg, zero, zero, val, zero, V1, 0, Base64},
	{0x7f, "rsh64_reg", FormAluReg, reg, reg, zero, zero, zero, V1, 0, Base64},
	{0x97, "mod64_imm", FormAluImm, reg, zero, is(0), val, zero, V1, 0, DivMul64},
	{0x9f, "mod64_reg", FormAluReg, reg, reg, is(0), zero, zero, V1, 0, DivMul64},
	{0x97, "smod64_imm", FormAluImm, reg, zero, is(1), val, zero, V4, rel(6, 6), DivMul64},
	{0x9f, "smod64_reg", FormAluReg, reg, reg, is(1), zero, zero, V4, rel(6, 6), DivMul64},
	{0xa7, "xor64_imm", FormAluImm, reg, zero, zero, val, zero, V1, 0, Base64},
	{0xaf, "xor64_reg", FormAluReg, reg, reg, zero, zero, zero, V1, 0, Base64},
	{0xb7, "mov64_imm", FormAluImm, reg, zero, zero, val, zero, V1, 0, Base64},
	{0xbf, "mov64_reg", FormAluReg, reg, reg, is(0), zero, zero, V1, 0, Base64},
	{0xc7, "arsh64_imm", FormAluImm, reg, zero, zero, val, zero, V1, 0, Base64},
	{0xcf, "arsh64_reg", FormAluReg, reg, reg, zero, zero, zero, V1, 0, Base64},
	{0x87, "neg64", FormNeg, reg, zero, zero, zero, zero, V1, 0, Base64},
	{0xbf, "movsx64_8", FormMovSX, reg, reg, is(8), zero, zero, V4, rel(6, 6), Base64},
	{0xbf, "movsx64_16", FormMovSX, reg, reg, is(16), zero, zero, V4, rel(6, 6), Base64},
	{0xbf, "movsx64_32", FormMovSX, reg, reg, is(32), zero, zero, V4, rel(6, 6), Base64},
	{0xbf, "addr_space_cast", FormCast, reg, reg, is(1), either(1, 1<<16), zero, V1, rel(6, 9), NoGroup},

	// Arithmetic, 32 bits. RFC 9669 section 4.1.
	{0x04, "add32_imm", FormAluImm, reg, zero, zero, val, zero, V1, 0, Base32},
	{0x0c, "add32_reg", FormAluReg, reg, reg, zero, zero, zero, V1, 0, Base32},
	{0x14, "sub32_imm", FormAluImm, reg, zero, zero, val, zero, V1, 0, Base32},
	{0x1c, "sub32_reg", FormAluReg, reg, reg, zero, zero, zero, V1, 0, Base32},
	{0x24, "mul32_imm", FormAluImm, reg, zero, zero, val, zero, V1, 0, DivMul32},
	{0x2c, "mul32_reg", FormAluReg, reg, reg, zero, zero, zero, V1, 0, DivMul32},
	{0x34, "div32_imm", FormAluImm, reg, zero, is(0), val, zero, V1, 0, DivMul32},
	{0x3c, "div32_reg", FormAluReg, reg, reg, is(0), zero, zero, V1, 0, DivMul32},
	{0x34, "sdiv32_imm", FormAluImm, reg, zero, is(1), val, zero, V4, rel(6, 6), DivMul32},
	{0x3c, "sdiv32_reg", FormAluReg, reg, reg, is(1), zero, zero, V4, rel(6, 6), DivMul32},
	{0x44, "or32_imm", FormAluImm, reg, zero, zero, val, zero, V1, 0, Base32},
	{0x4c, "or32_reg", FormAluReg, reg, reg, zero, zero, zero, V1, 0, Base32},
	{0x54, "and32_imm", FormAluImm, reg, zero, zero, val, zero, V1, 0, Base32},
	{0x5c, "and32_reg", FormAluReg, reg, reg, zero, zero, zero, V1, 0, Base32},
	{0x64, "lsh32_imm", FormAluImm, reg, zero, zero, val, zero, V1, 0, Base32},
	{0x6c, "lsh32_reg", FormAluReg, reg, reg, zero, zero, zero, V1, 0, Base32},
	{0x74, "rsh32_imm", FormAluImm, reg, zero, zero, val, zero, V1, 0, Base32},
	{0x7c, "rsh32_reg", FormAluReg, reg, reg, zero, zero, zero, V1, 0, Base32},
	{0x94, "mod32_imm", FormAluImm, reg, zero, is(0), val, zero, V1, 0, DivMul32},
	{0x9c, "mod32_reg", FormAluReg, reg, reg, is(0), zero, zero, V1, 0, DivMul32},
	{0x94, "smod32_imm", FormAluImm, reg, zero, is(1), val, zero, V4, rel(6, 6), DivMul32},
	{0x9c, "smod32_reg", FormAluReg, reg, reg, is(1), zero, zero, V4, rel(6, 6), DivMul32},
	{0xa4, "xor32_imm", FormAluImm, reg, zero, zero, val, zero, V1, 0, Base32},
	{0xac, "xor32_reg", FormAluReg, reg, reg, zero, zero, zero, V1, 0, Base32},
	{0xb4, "mov32_imm", FormAluImm, reg, zero, zero, val, zero, V1, 0, Base32},
	{0xbc, "mov32_reg", FormAluReg, reg, reg, is(0), zero, zero, V1, 0, Base32},
	{0xc4, "arsh32_imm", FormAluImm, reg, zero, zero, val, zero, V1, 0, Base32},
	{0xcc, "arsh32_reg", FormAluReg, reg, reg, zero, zero, zero, V1, 0, Base32},
	{0x84, "neg32", FormNeg, reg, zero, zero, zero, zero, V1, 0, Base32},
	{0xbc, "movsx32_8", FormMovSX, reg, reg, is(8), zero, zero, V4, rel(6, 6), Base32},
	{0xbc, "movsx32_16", FormMovSX, reg, reg, is(16), zero, zero, V4, rel(6, 6), Base32},

	// Byte swaps. RFC 9669 section 4.2.
	{0xd4, "le16", FormSwap, reg, zero, zero, is(16), zero, V1, 0, Base32},
	{0xd4, "le32", FormSwap, reg, zero, zero, is(32), zero, V1, 0, Base32},
	{0xd4, "le64", FormSwap, reg, zero, zero, is(64), zero, V1, 0, Base64},
	{0xdc, "be16", FormSwap, reg, zero, zero, is(16), zero, V1, 0, Base32},
	{0xdc, "be32", FormSwap, reg, zero, zero, is(32), zero, V1, 0, Base32},
	{0xdc, "be64", FormSwap, reg, zero, zero, is(64), zero, V1, 0, Base64},
	{0xd7, "bswap16", FormSwap, reg, zero, zero, is(16), zero, V4, rel(6, 6), Base32},
	{0xd7, "bswap32", FormSwap, reg, zero, zero, is(32), zero, V4, rel(6, 6), Base32},
	{0xd7, "bswap64", FormSwap, reg, zero, zero, is(64), zero, V4, rel(6, 6), Base64},

	// Conditional jumps, 64 bits. RFC 9669 section 4.3.
	{0x15, "jeq64_imm", FormJumpImm, reg, zero, val, val, zero, V1, 0, Base64},
	{0x1d, "jeq64_reg", FormJumpReg, reg, reg, val, zero, zero, V1, 0, Base64},
	{0x25, "jgt64_imm", FormJumpImm, reg, zero, val, val, zero, V1, 0, Base64},
	{0x2d, "jgt64_reg", FormJumpReg, reg, reg, val, zero, zero, V1, 0, Base64},
	{0x35, "jge64_imm", FormJumpImm, reg, zero, val, val, zero, V1, 0, Base64},
	{0x3d, "jge64_reg", FormJumpReg, reg, reg, val, zero, zero, V1, 0, Base64},
	{0x45, "jset64_imm", FormJumpImm, reg, zero, val, val, zero, V1, 0, Base64},
	{0x4d, "jset64_reg", FormJumpReg, reg, reg, val, zero, zero, V1, 0, Base64},
	{0x55, "jne64_imm", FormJumpImm, reg, zero, val, val, zero, V1, 0, Base64},
	{0x5d, "jne64_reg", FormJumpReg, reg, reg, val, zero, zero, V1, 0, Base64},
	{0x65, "jsgt64_imm", FormJumpImm, reg, zero, val, val, zero, V1, 0, Base64},
	{0x6d, "jsgt64_reg", FormJumpReg, reg, reg, val, zero, zero, V1, 0, Base64},
	{0x75, "jsge64_imm", FormJumpImm, reg, zero, val, val, zero, V1, 0, Base64},
	{0x7d, "jsge64_reg", FormJumpReg, reg, reg, val, zero, zero, V1, 0, Base64},
	{0xa5, "jlt64_imm", FormJumpImm, reg, zero, val, val, zero, V2, 0, Base64},
	{0xad, "jlt64_reg", FormJumpReg, reg, reg, val, zero, zero, V2, 0, Base64},
	{0xb5, "jle64_imm", FormJumpImm, reg, zero, val, val, zero, V2, 0, Base64},
	{0xbd, "jle64_reg", FormJumpReg, reg, reg, val, zero, zero, V2, 0, Base64},
	{0xc5, "jslt64_imm", FormJumpImm, reg, zero, val, val, zero, V2, 0, Base64},
	{0xcd, "jslt64_reg", FormJumpReg, reg, reg, val, zero, zero, V2, 0, Base64},
	{0xd5, "jsle64_imm", FormJumpImm, reg, zero, val, val, zero, V2, 0, Base64},
	{0xdd, "jsle64_reg", FormJumpReg, reg, reg, val, zero, zero, V2, 0, Base64},

	// Conditional jumps, 32 bits. RFC 9669 section 4.3.
	{0x16, "jeq32_imm", FormJumpImm, reg, zero, val, val, zero, V3, rel(5, 1), Base32},
	{0x1e, "jeq32_reg", FormJumpReg, reg, reg, val, zero, zero, V3, rel(5, 1), Base32},
	{0x26, "jgt32_imm", FormJumpImm, reg, zero, val, val, zero, V3, rel(5, 1), Base32},
	{0x2e, "jgt32_reg", FormJumpReg, reg, reg, val, zero, zero, V3, rel(5, 1), Base32},
	{0x36, "jge32_imm", FormJumpImm, reg, zero, val, val, zero, V3, rel(5, 1), Base32},
	{0x3e, "jge32_reg", FormJumpReg, reg, reg, val, zero, zero, V3, rel(5, 1), Base32},
	{0x46, "jset32_imm", FormJumpImm, reg, zero, val, val, zero, V3, rel(5, 1), Base32},
	{0x4e, "jset32_reg", FormJumpReg, reg, reg, val, zero, zero, V3, rel(5, 1), Base32},
	{0x56, "jne32_imm", FormJumpImm, reg, zero, val, val, zero, V3, rel(5, 1), Base32},
	{0x5e, "jne32_reg", FormJumpReg, reg, reg, val, zero, zero, V3, rel(5, 1), Base32},
	{0x66, "jsgt32_imm", FormJumpImm, reg, zero, val, val, zero, V3, rel(5, 1), Base32},
	{0x6e, "jsgt32_reg", FormJumpReg, reg, reg, val, zero, zero, V3, rel(5, 1), Base32},
	{0x76, "jsge32_imm", FormJumpImm, reg, zero, val, val, zero, V3, rel(5, 1), Base32},
	{0x7e, "jsge32_reg", FormJumpReg, reg, reg, val, zero, zero, V3, rel(5, 1), Base32},
	{0xa6, "jlt32_imm", FormJumpImm, reg, zero, val, val, zero, V3, rel(5, 1), Base32},
	{0xae, "jlt32_reg", FormJumpReg, reg, reg, val, zero, zero, V3, rel(5, 1), Base32},
	{0xb6, "jle32_imm", FormJumpImm, reg, zero, val, val, zero, V3, rel(5, 1), Base32},
	{0xbe, "jle32_reg", FormJumpReg, reg, reg, val, zero, zero, V3, rel(5, 1), Base32},
	{0xc6, "jslt32_imm", FormJumpImm, reg, zero, val, val, zero, V3, rel(5, 1), Base32},
	{0xce, "jslt32_reg", FormJumpReg, reg, reg, val, zero, zero, V3, rel(5, 1), Base32},
	{0xd6, "jsle32_imm", FormJumpImm, reg, zero, val, val, zero, V3, rel(5, 1), Base32},
	{0xde, "jsle32_reg", FormJumpReg, reg, reg, val, zero, zero, V3, rel(5, 1), Base32},

	// Jumps, calls and exit. RFC 9669 section 4.3. Linux takes any offset in exit,
	// and reads that of a kfunc call as the index of its BTF object.
	{0x05, "ja", FormGoto, zero, zero, val, zero, zero, V1, 0, Base32},
	{0x06, "gotol", FormGotoL, zero, zero, zero, val, zero, V4, rel(6, 6), Base32},
	{0xe5, "may_goto", FormMayGoto, zero, zero, val, zero, zero, V1, rel(6, 9), NoGroup},
	{0x85, "call", FormCall, zero, is(0), zero, val, zero, V1, 0, Base32},
	{0x85, "call_local", FormCallLocal, zero, is(1), zero, val, zero, V1, 0, Base32},
	{0x85, "call_kfunc", FormCallKfunc, zero, is(2), val, val, zero, V1, rel(5, 13), Base32},
	{0x95, "exit", FormExit, zero, zero, Rule{Kind: RuleReserved}, zero, zero, V1, 0, Base32},
	{0x8d, "callx", FormCallX, reg, zero, zero, zero, zero, V1, NotInLinux, NoGroup},
	{0x0d, "gotox", FormGotoX, reg, zero, zero, zero, zero, V4, rel(6, 19), NoGroup},

	// 64-bit immediates, two slots. RFC 9669 section 5.4.
	{0x18, "lddw", FormImm64, reg, is(0), zero, val, val, V1, 0, Base64},
	{0x18, "lddw_map_fd", FormMap, reg, is(1), zero, val, zero, V1, 0, Base64},
	{0x18, "lddw_map_value", FormMapValue, reg, is(2), zero, val, val, V1, rel(5, 2), Base64},
	{0x18, "lddw_btf_id", FormKsym, reg, is(3), zero, val, val, V1, rel(5, 10), Base64},
	{0x18, "lddw_func", FormFunc, reg, is(4), zero, val, zero, V1, rel(5, 13), Base64},
	{0x18, "lddw_map_idx", FormMap, reg, is(5), zero, val, zero, V1, rel(5, 14), Base64},
	{0x18, "lddw_map_idx_value", FormMapValue, reg, is(6), zero, val, val, V1, rel(5, 14), Base64},

	// Loads and stores. RFC 9669 sections 5.1 and 5.2.
	{0x61, "ldxw", FormLoad, reg, reg, val, zero, zero, V1, 0, Base32},
	{0x69, "ldxh", FormLoad, reg, reg, val, zero, zero, V1, 0, Base32},
	{0x71, "ldxb", FormLoad, reg, reg, val, zero, zero, V1, 0, Base32},
	{0x79, "ldxdw", FormLoad, reg, reg, val, zero, zero, V1, 0, Base64},
	{0x81, "ldxsw", FormLoadSX, reg, reg, val, zero, zero, V4, rel(6, 6), Base32},
	{0x89, "ldxsh", FormLoadSX, reg, reg, val, zero, zero, V4, rel(6, 6), Base32},
	{0x91, "ldxsb", FormLoadSX, reg, reg, val, zero, zero, V4, rel(6, 6), Base32},
	{0x62, "stw", FormStoreImm, reg, zero, val, val, zero, V1, 0, Base32},
	{0x6a, "sth", FormStoreImm, reg, zero, val, val, zero, V1, 0, Base32},
	{0x72, "stb", FormStoreImm, reg, zero, val, val, zero, V1, 0, Base32},
	{0x7a, "stdw", FormStoreImm, reg, zero, val, val, zero, V1, 0, Base64},
	{0x63, "stxw", FormStoreReg, reg, reg, val, zero, zero, V1, 0, Base32},
	{0x6b, "stxh", FormStoreReg, reg, reg, val, zero, zero, V1, 0, Base32},
	{0x73, "stxb", FormStoreReg, reg, reg, val, zero, zero, V1, 0, Base32},
	{0x7b, "stxdw", FormStoreReg, reg, reg, val, zero, zero, V1, 0, Base64},

	// Atomics, 64 bits. RFC 9669 section 5.3.
	{0xdb, "atomic64_add", FormAtomic, reg, reg, val, is(0x00), zero, V1, 0, Atomic64},
	{0xdb, "atomic64_or", FormAtomic, reg, reg, val, is(0x40), zero, V3, rel(5, 12), Atomic64},
	{0xdb, "atomic64_and", FormAtomic, reg, reg, val, is(0x50), zero, V3, rel(5, 12), Atomic64},
	{0xdb, "atomic64_xor", FormAtomic, reg, reg, val, is(0xa0), zero, V3, rel(5, 12), Atomic64},
	{0xdb, "atomic64_fetch_add", FormAtomicFetch, reg, reg, val, is(0x01), zero, V3, rel(5, 12), Atomic64},
	{0xdb, "atomic64_fetch_or", FormAtomicFetch, reg, reg, val, is(0x41), zero, V3, rel(5, 12), Atomic64},
	{0xdb, "atomic64_fetch_and", FormAtomicFetch, reg, reg, val, is(0x51), zero, V3, rel(5, 12), Atomic64},
	{0xdb, "atomic64_fetch_xor", FormAtomicFetch, reg, reg, val, is(0xa1), zero, V3, rel(5, 12), Atomic64},
	{0xdb, "atomic64_xchg", FormXchg, reg, reg, val, is(0xe1), zero, V3, rel(5, 12), Atomic64},
	{0xdb, "atomic64_cmpxchg", FormCmpXchg, reg, reg, val, is(0xf1), zero, V3, rel(5, 12), Atomic64},

	// Atomics, 32 bits. RFC 9669 section 5.3.
	{0xc3, "atomic32_add", FormAtomic, reg, reg, val, is(0x00), zero, V1, 0, Atomic32},
	{0xc3, "atomic32_or", FormAtomic, reg, reg, val, is(0x40), zero, V3, rel(5, 12), Atomic32},
	{0xc3, "atomic32_and", FormAtomic, reg, reg, val, is(0x50), zero, V3, rel(5, 12), Atomic32},
	{0xc3, "atomic32_xor", FormAtomic, reg, reg, val, is(0xa0), zero, V3, rel(5, 12), Atomic32},
	{0xc3, "atomic32_fetch_add", FormAtomicFetch, reg, reg, val, is(0x01), zero, V3, rel(5, 12), Atomic32},
	{0xc3, "atomic32_fetch_or", FormAtomicFetch, reg, reg, val, is(0x41), zero, V3, rel(5, 12), Atomic32},
	{0xc3, "atomic32_fetch_and", FormAtomicFetch, reg, reg, val, is(0x51), zero, V3, rel(5, 12), Atomic32},
	{0xc3, "atomic32_fetch_xor", FormAtomicFetch, reg, reg, val, is(0xa1), zero, V3, rel(5, 12), Atomic32},
	{0xc3, "atomic32_xchg", FormXchg, reg, reg, val, is(0xe1), zero, V3, rel(5, 12), Atomic32},
	{0xc3, "atomic32_cmpxchg", FormCmpXchg, reg, reg, val, is(0xf1), zero, V3, rel(5, 12), Atomic32},

	// Acquire and release. Linux 6.15; RFC 9669 does not know them.
	{0xdb, "load_acquire64", FormLoadAcquire, reg, reg, val, is(0x100), zero, V4, rel(6, 15), NoGroup},
	{0xdb, "store_release64", FormStoreRelease, reg, reg, val, is(0x110), zero, V4, rel(6, 15), NoGroup},
	{0xc3, "load_acquire32", FormLoadAcquire, reg, reg, val, is(0x100), zero, V4, rel(6, 15), NoGroup},
	{0xc3, "store_release32", FormStoreRelease, reg, reg, val, is(0x110), zero, V4, rel(6, 15), NoGroup},
	{0xcb, "load_acquire16", FormLoadAcquire, reg, reg, val, is(0x100), zero, V4, rel(6, 15), NoGroup},
	{0xcb, "store_release16", FormStoreRelease, reg, reg, val, is(0x110), zero, V4, rel(6, 15), NoGroup},
	{0xd3, "load_acquire8", FormLoadAcquire, reg, reg, val, is(0x100), zero, V4, rel(6, 15), NoGroup},
	{0xd3, "store_release8", FormStoreRelease, reg, reg, val, is(0x110), zero, V4, rel(6, 15), NoGroup},

	// Legacy packet loads. RFC 9669 section 5.5.
	{0x20, "ldabsw", FormAbs, zero, zero, zero, val, zero, V1, 0, Packet},
	{0x40, "ldindw", FormInd, zero, reg, zero, val, zero, V1, 0, Packet},
	{0x28, "ldabsh", FormAbs, zero, zero, zero, val, zero, V1, 0, Packet},
	{0x48, "ldindh", FormInd, zero, reg, zero, val, zero, V1, 0, Packet},
	{0x30, "ldabsb", FormAbs, zero, zero, zero, val, zero, V1, 0, Packet},
	{0x50, "ldindb", FormInd, zero, reg, zero, val, zero, V1, 0, Packet},
}

// span is the part of opcodes that one opcode byte has.
type span struct{ start, end uint16 }

// byOp holds the rows by opcode byte and rows the table in that order.
var rows, byOp = index(opcodes[:])

func index(table []Opcode) ([]Opcode, [256]span) {
	var (
		sorted []Opcode
		at     [256]span
	)
	for op := range at {
		start := len(sorted)
		for _, o := range table {
			if int(o.Op) == op {
				sorted = append(sorted, o)
			}
		}
		at[op] = span{uint16(start), uint16(len(sorted))}
	}
	return sorted, at
}

// Opcodes is a copy of the opcode table in the order of the source.
func Opcodes() []Opcode { return append([]Opcode(nil), opcodes[:]...) }

func rowsOf(op Op) []Opcode { s := byOp[op]; return rows[s.start:s.end] }

// Lookup is the row of i, nil if there is none. It looks only at the opcode
// and at the fields that tell rows apart; Check looks at the others.
func Lookup(i Insn) *Opcode {
	rows := rowsOf(i.Op)
	for n := range rows {
		if rows[n].picks(i) {
			return &rows[n]
		}
	}
	return nil
}

// OpcodeByName is the row called name, nil if there is none.
func OpcodeByName(name string) *Opcode {
	for n := range rows {
		if rows[n].Name == name {
			return &rows[n]
		}
	}
	return nil
}

// picks reports whether the fields that tell rows apart are o's.
func (o *Opcode) picks(i Insn) bool {
	return (o.Src.Kind != RuleIs || o.Src.A == int32(i.Src())) &&
		(o.Off.Kind != RuleIs || o.Off.A == int32(i.Off)) &&
		(o.Imm.Kind != RuleIs || o.Imm.A == i.Imm)
}

// Wide reports whether the instruction takes two slots.
func (o *Opcode) Wide() bool { return o.Op == LdImm64 }

// Is64 reports whether an arithmetic or jump instruction works on all 64 bits
// of its registers.
func (o *Opcode) Is64() bool {
	c := o.Op.Class()
	return c == ClassAlu64 || c == ClassJmp
}

// KnownTo reports whether a Linux release has the instruction. Validate does
// not ask: what a release refuses as unknown is for a verifier to say.
func (o *Opcode) KnownTo(r Release) bool { return o.Linux <= r }
