package ir

// Op is a lowered operation. Unlike isa.Op it is dense, names the width and the
// operand form, and has one meaning.
//
// K forms take Imm as second operand, X forms the register Src. 32-bit forms
// work on the lower halves and clear the upper half of dst. Shift counts of X
// forms are masked to the width, those of K forms are in range already.
type Op uint16

// Arithmetic.
const (
	Invalid Op = iota
	Add64K     // dst += s
	Add64X
	Add32K
	Add32X
	Sub64K // dst -= s
	Sub64X
	Sub32K
	Sub32X
	Mul64K // dst *= s
	Mul64X
	Mul32K
	Mul32X
	Div64K // unsigned dst /= s; by zero: 0
	Div64X
	Div32K
	Div32X
	SDiv64K // signed dst /= s; by zero: 0; minimum by -1: minimum
	SDiv64X
	SDiv32K
	SDiv32X
	Mod64K // unsigned dst %= s; by zero: dst
	Mod64X
	Mod32K
	Mod32X
	SMod64K // signed dst %= s; by zero: dst; minimum by -1: 0
	SMod64X
	SMod32K
	SMod32X
	Or64K // dst |= s
	Or64X
	Or32K
	Or32X
	And64K // dst &= s
	And64X
	And32K
	And32X
	Xor64K // dst ^= s
	Xor64X
	Xor32K
	Xor32X
	Lsh64K // dst <<= s
	Lsh64X
	Lsh32K
	Lsh32X
	Rsh64K // unsigned dst >>= s
	Rsh64X
	Rsh32K
	Rsh32X
	Arsh64K // signed dst >>= s
	Arsh64X
	Arsh32K
	Arsh32X
	Mov64K // dst = s
	Mov64X
	Mov32K
	Mov32X
	Neg64 // dst = -dst
	Neg32
	MovSX64From8  // dst = src, sign-extended from 8 bits
	MovSX64From16 // dst = src, sign-extended from 16 bits
	MovSX64From32 // dst = src, sign-extended from 32 bits
	MovSX32From8  // dst = src, sign-extended from 8 bits
	MovSX32From16 // dst = src, sign-extended from 16 bits
	Be16          // dst in big-endian order, cut to the width
	Be32          // dst in big-endian order, cut to the width
	Be64          // dst in big-endian order, cut to the width
	Le16          // dst in little-endian order, cut to the width
	Le32          // dst in little-endian order, cut to the width
	Le64          // dst in little-endian order, cut to the width
	Swap16        // dst with its bytes reversed, cut to the width
	Swap32        // dst with its bytes reversed, cut to the width
	Swap64        // dst with its bytes reversed, cut to the width
)

// Jumps: to the instruction with index Off. RFC 9669 section 4.3.
const (
	JA Op = iota + 80
	JEq64K
	JEq64X
	JEq32K
	JEq32X
	JNe64K
	JNe64X
	JNe32K
	JNe32X
	JGt64K
	JGt64X
	JGt32K
	JGt32X
	JGe64K
	JGe64X
	JGe32K
	JGe32X
	JLt64K
	JLt64X
	JLt32K
	JLt32X
	JLe64K
	JLe64X
	JLe32K
	JLe32X
	JSet64K
	JSet64X
	JSet32K
	JSet32X
	JSGt64K
	JSGt64X
	JSGt32K
	JSGt32X
	JSGe64K
	JSGe64X
	JSGe32K
	JSGe32X
	JSLt64K
	JSLt64X
	JSLt32K
	JSLt32X
	JSLe64K
	JSLe64X
	JSLe32K
	JSLe32X
)

// Memory: at register + Off, little-endian.
const (
	LdU8 Op = iota + 128 // dst = *(src + Off)
	LdU16
	LdU32
	LdU64
	LdS8 // sign-extended
	LdS16
	LdS32
	ProbeU8 // as LdU8, but dst = 0 where the memory is none that a run may read
	ProbeU16
	ProbeU32
	ProbeU64
	ProbeS8
	ProbeS16
	ProbeS32
	St8K // *(dst + Off) = Imm
	St16K
	St32K
	St64K
	St8X // *(dst + Off) = src
	St16X
	St32X
	St64X
)

// Atomics: on the 4 or 8 bytes at dst + Off, sequentially consistent. RFC 9669
// section 5.3.
const (
	AtomicAdd32 Op = iota + 160 // *(dst + Off) += src
	AtomicAdd64
	AtomicOr32
	AtomicOr64
	AtomicAnd32
	AtomicAnd64
	AtomicXor32
	AtomicXor64
	FetchAdd32 // the same, and src = the value before
	FetchAdd64
	FetchOr32
	FetchOr64
	FetchAnd32
	FetchAnd64
	FetchXor32
	FetchXor64
	Xchg32 // exchanges src and memory
	Xchg64
	CmpXchg32 // if memory is r0 it becomes src; r0 = the value before
	CmpXchg64
	LoadAcq8 // dst = *(src + Off), acquire
	LoadAcq16
	LoadAcq32
	LoadAcq64
	StoreRel8 // *(dst + Off) = src, release
	StoreRel16
	StoreRel32
	StoreRel64
)

// Control and the rest.
const (
	Call      Op = iota + 200 // r0 = Callees[Off](r1 ... r5)
	CallLocal                 // calls the subprogram Funcs[Imm], which starts at Off
	CallX                     // calls helper number dst: unverified programs only
	TailCall                  // continues in program r3 of the array at r2, or falls through; Imm = index in Maps + 1 of the array, 0 if it varies
	Exit                      // returns r0 from the subprogram or the program
	MayGoto                   // counts down the word at r10 + Imm; at zero jumps to Off
	LdAbs8                    // r0 = packet bytes at Imm, big-endian, or ends the program with 0
	LdAbs16
	LdAbs32
	LdInd8 // the same at src + Imm
	LdInd16
	LdInd32
	CastKern // dst = src, an arena address as programs dereference it
	CastUser // dst = src, an arena address as user space sees it
	Throw    // ends the program with r1 as its value: bpf_throw
)

// What lowering never makes: operations that vm/jit/opt puts together from
// others, for generators of machine code.
const (
	Spend    Op = iota + 240 // takes Imm instructions off the fuel, without a poll
	Rol64K                   // dst = src rotated left by Imm, 1 to 63
	Rol32K                   // dst = the low half of src rotated left by Imm, 1 to 31; the upper half is cleared
	Rol64X                   // dst = dst rotated left by src, masked to the width
	Rol32X                   // the same of the low half; the upper half is cleared
	Ror64X                   // dst = dst rotated right by src, masked to the width
	Ror32X                   // the same of the low half; the upper half is cleared
	Popcnt64                 // dst = number of bits that are set in src
	Popcnt32                 // the same of the low half
	LdBe16                   // dst = *(src + Off), big-endian, not sign-extended
	LdBe32
	LdBe64
	SpendPoll // takes Imm off the fuel, and polls when less than nothing is left
	LdIdxU8   // dst = *(src + Index<<Scale + Off)
	LdIdxU16
	LdIdxU32
	LdIdxU64
	LdIdxS8 // sign-extended
	LdIdxS16
	LdIdxS32
	LdIdxBe16 // big-endian, not sign-extended
	LdIdxBe32
	LdIdxBe64
	StIdx8K // *(dst + Index<<Scale + Off) = Imm
	StIdx16K
	StIdx32K
	StIdx64K
	StIdx8X // *(dst + Index<<Scale + Off) = src
	StIdx16X
	StIdx32X
	StIdx64X
	Lea    // dst = src + Imm, which fits in 32 bits, signed
	LeaIdx // dst = src + Index<<Scale + Imm, which fits in 32 bits, signed
	Elem   // dst = address of element src, its lower half, of array Maps[Off], 0 if there is none; with InBounds there is
	ElemK  // dst = address of element Imm, which is there, of array Maps[Off]
	NumOps // count of operations, with gaps
)

// IsJump reports whether Off is the index of another instruction of the same
// function.
func (o Op) IsJump() bool { return o >= JA && o <= JSLe32X || o == MayGoto }

// IsK reports whether a binary operation or conditional jump takes Imm.
func (o Op) IsK() bool { return o.first()&1 == 0 }

// Is32 reports whether a binary operation or conditional jump has 32 bits.
func (o Op) Is32() bool { return o.first()&2 != 0 }

// Base is the 64-bit K form of a binary operation or conditional jump.
func (o Op) Base() Op { return o - o.first() }

// first is the distance to the 64-bit K form.
func (o Op) first() Op {
	if o >= JEq64K {
		return (o - JEq64K) & 3
	}
	return (o - Add64K) & 3
}
