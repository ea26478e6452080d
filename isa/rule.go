package isa

// RuleKind says what the opcode table allows in a field.
type RuleKind uint8

// The kinds of rules.
const (
	RuleZero     RuleKind = iota // reserved: 0
	RuleReg                      // a register, R0 to R10
	RuleAny                      // any value
	RuleIs                       // one value, which picks the row among those of its opcode
	RuleOneOf                    // one of two values
	RuleReserved                 // reserved by RFC 9669, but Linux takes any value
)

// Rule is what the opcode table allows in one field.
type Rule struct {
	Kind RuleKind
	A, B int32 // RuleIs: A; RuleOneOf: A or B
}

// The rules of most rows; the short names keep a row on one line.
var (
	zero = Rule{Kind: RuleZero}
	reg  = Rule{Kind: RuleReg}
	val  = Rule{Kind: RuleAny}
)

func is(v int32) Rule { return Rule{Kind: RuleIs, A: v} }

func either(a, b int32) Rule { return Rule{Kind: RuleOneOf, A: a, B: b} }

// Allows reports whether v is legal.
func (r Rule) Allows(v int32) bool {
	switch r.Kind {
	case RuleZero:
		return v == 0
	case RuleReg:
		return v >= 0 && v < NumRegs
	case RuleIs:
		return v == r.A
	case RuleOneOf:
		return v == r.A || v == r.B
	}
	return true
}

// Form is how an instruction is written and which fields its text shows.
type Form uint8

// The forms, each with its text in the kernel's syntax.
const (
	FormAluImm       Form = iota + 1 // r1 += 5
	FormAluReg                       // r1 += r2
	FormNeg                          // r1 = -r1
	FormSwap                         // r1 = be16 r1
	FormMovSX                        // r1 = (s8)r2
	FormCast                         // r1 = addr_space_cast(r2, 0, 1)
	FormJumpImm                      // if r1 > 0x5 goto pc+3
	FormJumpReg                      // if r1 > r2 goto pc+3
	FormGoto                         // goto pc+3
	FormGotoL                        // gotol pc+3
	FormMayGoto                      // may_goto pc+3
	FormGotoX                        // gotox r1
	FormCall                         // call bpf_map_lookup_elem#1
	FormCallLocal                    // call pc+3
	FormCallKfunc                    // call kfunc#7
	FormCallX                        // callx r1
	FormExit                         // exit
	FormLoad                         // r1 = *(u32 *)(r2 +4)
	FormLoadSX                       // r1 = *(s32 *)(r2 +4)
	FormStoreImm                     // *(u32 *)(r1 +4) = 5
	FormStoreReg                     // *(u32 *)(r1 +4) = r2
	FormAtomic                       // lock *(u64 *)(r1 +0) += r2
	FormAtomicFetch                  // r2 = atomic64_fetch_add((u64 *)(r1 +0), r2)
	FormXchg                         // r2 = atomic64_xchg((u64 *)(r1 +0), r2)
	FormCmpXchg                      // r0 = atomic64_cmpxchg((u64 *)(r1 +0), r0, r2)
	FormLoadAcquire                  // r1 = load_acquire((u64 *)(r2 +0))
	FormStoreRelease                 // store_release((u64 *)(r1 +0), r2)
	FormAbs                          // r0 = *(u8 *)skb[14]
	FormInd                          // r0 = *(u8 *)skb[r1 + 14]
	FormImm64                        // r1 = 0x1122334455667788 ll
	FormMap                          // r1 = map[name] ll
	FormMapValue                     // r1 = map[name][8] ll
	FormKsym                         // r1 = ksym[name] ll
	FormFunc                         // r1 = pc+3 ll
)

// Version is the lowest -mcpu of LLVM that knows an instruction.
type Version uint8

// The versions. Instructions that LLVM does not gate by -mcpu stand under V1,
// as does 32-bit arithmetic, which it knows there but uses from V3 on.
const (
	V1 Version = iota + 1
	V2
	V3
	V4
)

// Group is a conformance group. RFC 9669 section 2.4.
type Group uint8

// The groups. Extensions of Linux belong to none.
const (
	NoGroup Group = iota
	Base32
	Base64
	DivMul32
	DivMul64
	Atomic32
	Atomic64
	Packet
)

// String is the group's name in the RFC.
func (g Group) String() string {
	names := [...]string{"none", "base32", "base64", "divmul32", "divmul64", "atomic32", "atomic64", "packet"}
	if int(g) < len(names) {
		return names[g]
	}
	return "none"
}

// Release is the Linux release that brought an instruction, major<<8 | minor;
// 0 means older than 4.18.
type Release uint16

// NotInLinux marks instructions that no Linux release knows.
const NotInLinux Release = 0xffff

func rel(major, minor int) Release { return Release(major<<8 | minor) }
