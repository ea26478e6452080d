package interp

import (
	"math/bits"
	"unsafe"

	"github.com/skepbpf/skep/internal/mem"
	"github.com/skepbpf/skep/vm"
	"github.com/skepbpf/skep/vm/ir"
)

// insn is a lowered instruction as the loop reads it. off is a displacement in
// bytes, or for jumps the distance in bytes from the next insn to the target.
type insn struct {
	op       ir.Op
	dst, src uint8
	off      int32
	imm      int64
}

const insnSize = int(unsafe.Sizeof(insn{}))

// at is the memory at a register plus a displacement.
func at(a uint64, off int32) unsafe.Pointer { return mem.Addr(a + uint64(off)).Ptr() }

// addrOf is the instruction with an index.
func (cd *code) addrOf(pc int) unsafe.Pointer {
	return unsafe.Add(unsafe.Pointer(unsafe.SliceData(cd.insns)), pc*insnSize)
}

// index is the index of the instruction at ip.
func (cd *code) index(ip unsafe.Pointer) int {
	return int(uintptr(ip)-uintptr(unsafe.Pointer(unsafe.SliceData(cd.insns)))) / insnSize
}

// run executes from function fn of cd until that function returns.
//
// It trusts the program: addresses are used as they are, and lowering has
// proven that every jump leads to an instruction. Cases end in continue; those
// of jumps that are taken leave the switch. Nothing but ip lives across turns,
// so that the compiler keeps it in a register.
func run(c *vm.Context, cd *code, fn int, a *[5]uint64) (r0 uint64, err error) {
	var r [16]uint64
	m := machine{c: c, cd: cd, base: len(c.Frames), sp: c.Block.SP}
	defer m.catch(&err)
	copy(r[1:6], a[:])
	if err := m.begin(fn, &r); err != nil {
		return 0, err
	}
	ip := cd.addrOf(cd.funcs[fn].Start)
	for {
		in := (*insn)(ip)
		ip = unsafe.Add(ip, insnSize)
		switch in.op {
		case ir.Add64K:
			r[in.dst&15] += uint64(in.imm)
			continue
		case ir.Add64X:
			r[in.dst&15] += r[in.src&15]
			continue
		case ir.Add32K:
			r[in.dst&15] = uint64(uint32(r[in.dst&15]) + uint32(in.imm))
			continue
		case ir.Add32X:
			r[in.dst&15] = uint64(uint32(r[in.dst&15]) + uint32(r[in.src&15]))
			continue
		case ir.Sub64K:
			r[in.dst&15] -= uint64(in.imm)
			continue
		case ir.Sub64X:
			r[in.dst&15] -= r[in.src&15]
			continue
		case ir.Sub32K:
			r[in.dst&15] = uint64(uint32(r[in.dst&15]) - uint32(in.imm))
			continue
		case ir.Sub32X:
			r[in.dst&15] = uint64(uint32(r[in.dst&15]) - uint32(r[in.src&15]))
			continue
		case ir.Mul64K:
			r[in.dst&15] *= uint64(in.imm)
			continue
		case ir.Mul64X:
			r[in.dst&15] *= r[in.src&15]
			continue
		case ir.Mul32K:
			r[in.dst&15] = uint64(uint32(r[in.dst&15]) * uint32(in.imm))
			continue
		case ir.Mul32X:
			r[in.dst&15] = uint64(uint32(r[in.dst&15]) * uint32(r[in.src&15]))
			continue
		case ir.Or64K:
			r[in.dst&15] |= uint64(in.imm)
			continue
		case ir.Or64X:
			r[in.dst&15] |= r[in.src&15]
			continue
		case ir.Or32K:
			r[in.dst&15] = uint64(uint32(r[in.dst&15]) | uint32(in.imm))
			continue
		case ir.Or32X:
			r[in.dst&15] = uint64(uint32(r[in.dst&15]) | uint32(r[in.src&15]))
			continue
		case ir.And64K:
			r[in.dst&15] &= uint64(in.imm)
			continue
		case ir.And64X:
			r[in.dst&15] &= r[in.src&15]
			continue
		case ir.And32K:
			r[in.dst&15] = uint64(uint32(r[in.dst&15]) & uint32(in.imm))
			continue
		case ir.And32X:
			r[in.dst&15] = uint64(uint32(r[in.dst&15]) & uint32(r[in.src&15]))
			continue
		case ir.Xor64K:
			r[in.dst&15] ^= uint64(in.imm)
			continue
		case ir.Xor64X:
			r[in.dst&15] ^= r[in.src&15]
			continue
		case ir.Xor32K:
			r[in.dst&15] = uint64(uint32(r[in.dst&15]) ^ uint32(in.imm))
			continue
		case ir.Xor32X:
			r[in.dst&15] = uint64(uint32(r[in.dst&15]) ^ uint32(r[in.src&15]))
			continue
		case ir.Div64K:
			r[in.dst&15] /= uint64(in.imm)
			continue
		case ir.Div64X:
			r[in.dst&15] = div64(r[in.dst&15], r[in.src&15])
			continue
		case ir.Div32K:
			r[in.dst&15] = div32(r[in.dst&15], uint64(in.imm))
			continue
		case ir.Div32X:
			r[in.dst&15] = div32(r[in.dst&15], r[in.src&15])
			continue
		case ir.SDiv64K:
			r[in.dst&15] = sdiv64(r[in.dst&15], uint64(in.imm))
			continue
		case ir.SDiv64X:
			r[in.dst&15] = sdiv64(r[in.dst&15], r[in.src&15])
			continue
		case ir.SDiv32K:
			r[in.dst&15] = sdiv32(r[in.dst&15], uint64(in.imm))
			continue
		case ir.SDiv32X:
			r[in.dst&15] = sdiv32(r[in.dst&15], r[in.src&15])
			continue
		case ir.Mod64K:
			r[in.dst&15] %= uint64(in.imm)
			continue
		case ir.Mod64X:
			r[in.dst&15] = mod64(r[in.dst&15], r[in.src&15])
			continue
		case ir.Mod32K:
			r[in.dst&15] = mod32(r[in.dst&15], uint64(in.imm))
			continue
		case ir.Mod32X:
			r[in.dst&15] = mod32(r[in.dst&15], r[in.src&15])
			continue
		case ir.SMod64K:
			r[in.dst&15] = smod64(r[in.dst&15], uint64(in.imm))
			continue
		case ir.SMod64X:
			r[in.dst&15] = smod64(r[in.dst&15], r[in.src&15])
			continue
		case ir.SMod32K:
			r[in.dst&15] = smod32(r[in.dst&15], uint64(in.imm))
			continue
		case ir.SMod32X:
			r[in.dst&15] = smod32(r[in.dst&15], r[in.src&15])
			continue
		case ir.Lsh64K:
			r[in.dst&15] = r[in.dst&15] << (uint64(in.imm) & 63)
			continue
		case ir.Lsh64X:
			r[in.dst&15] = r[in.dst&15] << (r[in.src&15] & 63)
			continue
		case ir.Lsh32K:
			r[in.dst&15] = uint64(uint32(r[in.dst&15]) << (uint64(in.imm) & 31))
			continue
		case ir.Lsh32X:
			r[in.dst&15] = uint64(uint32(r[in.dst&15]) << (r[in.src&15] & 31))
			continue
		case ir.Rsh64K:
			r[in.dst&15] = r[in.dst&15] >> (uint64(in.imm) & 63)
			continue
		case ir.Rsh64X:
			r[in.dst&15] = r[in.dst&15] >> (r[in.src&15] & 63)
			continue
		case ir.Rsh32K:
			r[in.dst&15] = uint64(uint32(r[in.dst&15]) >> (uint64(in.imm) & 31))
			continue
		case ir.Rsh32X:
			r[in.dst&15] = uint64(uint32(r[in.dst&15]) >> (r[in.src&15] & 31))
			continue
		case ir.Arsh64K:
			r[in.dst&15] = uint64(int64(r[in.dst&15]) >> (uint64(in.imm) & 63))
			continue
		case ir.Arsh64X:
			r[in.dst&15] = uint64(int64(r[in.dst&15]) >> (r[in.src&15] & 63))
			continue
		case ir.Arsh32K:
			r[in.dst&15] = uint64(uint32(int32(r[in.dst&15]) >> (uint64(in.imm) & 31)))
			continue
		case ir.Arsh32X:
			r[in.dst&15] = uint64(uint32(int32(r[in.dst&15]) >> (r[in.src&15] & 31)))
			continue
		case ir.Mov64K:
			r[in.dst&15] = uint64(in.imm)
			continue
		case ir.Mov64X:
			r[in.dst&15] = r[in.src&15]
			continue
		case ir.Mov32K:
			r[in.dst&15] = uint64(uint32(in.imm))
			continue
		case ir.Mov32X, ir.CastKern:
			r[in.dst&15] = uint64(uint32(r[in.src&15]))
			continue
		case ir.Neg64:
			r[in.dst&15] = -r[in.dst&15]
			continue
		case ir.Neg32:
			r[in.dst&15] = uint64(-uint32(r[in.dst&15]))
			continue
		case ir.MovSX64From8:
			r[in.dst&15] = uint64(int64(int8(r[in.src&15])))
			continue
		case ir.MovSX64From16:
			r[in.dst&15] = uint64(int64(int16(r[in.src&15])))
			continue
		case ir.MovSX64From32:
			r[in.dst&15] = uint64(int64(int32(r[in.src&15])))
			continue
		case ir.MovSX32From8:
			r[in.dst&15] = uint64(uint32(int32(int8(r[in.src&15]))))
			continue
		case ir.MovSX32From16:
			r[in.dst&15] = uint64(uint32(int32(int16(r[in.src&15]))))
			continue
		case ir.Be16, ir.Swap16:
			r[in.dst&15] = uint64(bits.ReverseBytes16(uint16(r[in.dst&15])))
			continue
		case ir.Be32, ir.Swap32:
			r[in.dst&15] = uint64(bits.ReverseBytes32(uint32(r[in.dst&15])))
			continue
		case ir.Be64, ir.Swap64:
			r[in.dst&15] = bits.ReverseBytes64(r[in.dst&15])
			continue
		case ir.Le16:
			r[in.dst&15] = uint64(uint16(r[in.dst&15]))
			continue
		case ir.Le32:
			r[in.dst&15] = uint64(uint32(r[in.dst&15]))
			continue
		case ir.Le64:
			continue

		case ir.LdU8:
			m.ip = (*insn)(ip)
			r[in.dst&15] = uint64(*(*uint8)(at(r[in.src&15], in.off)))
			continue
		case ir.LdU16:
			m.ip = (*insn)(ip)
			r[in.dst&15] = uint64(*(*uint16)(at(r[in.src&15], in.off)))
			continue
		case ir.LdU32:
			m.ip = (*insn)(ip)
			r[in.dst&15] = uint64(*(*uint32)(at(r[in.src&15], in.off)))
			continue
		case ir.LdU64:
			m.ip = (*insn)(ip)
			r[in.dst&15] = *(*uint64)(at(r[in.src&15], in.off))
			continue
		case ir.LdS8:
			m.ip = (*insn)(ip)
			r[in.dst&15] = uint64(int64(*(*int8)(at(r[in.src&15], in.off))))
			continue
		case ir.LdS16:
			m.ip = (*insn)(ip)
			r[in.dst&15] = uint64(int64(*(*int16)(at(r[in.src&15], in.off))))
			continue
		case ir.LdS32:
			m.ip = (*insn)(ip)
			r[in.dst&15] = uint64(int64(*(*int32)(at(r[in.src&15], in.off))))
			continue
		case ir.St8K:
			m.ip = (*insn)(ip)
			*(*uint8)(at(r[in.dst&15], in.off)) = uint8(in.imm)
			continue
		case ir.St16K:
			m.ip = (*insn)(ip)
			*(*uint16)(at(r[in.dst&15], in.off)) = uint16(in.imm)
			continue
		case ir.St32K:
			m.ip = (*insn)(ip)
			*(*uint32)(at(r[in.dst&15], in.off)) = uint32(in.imm)
			continue
		case ir.St64K:
			m.ip = (*insn)(ip)
			*(*uint64)(at(r[in.dst&15], in.off)) = uint64(in.imm)
			continue
		case ir.St8X:
			m.ip = (*insn)(ip)
			*(*uint8)(at(r[in.dst&15], in.off)) = uint8(r[in.src&15])
			continue
		case ir.St16X:
			m.ip = (*insn)(ip)
			*(*uint16)(at(r[in.dst&15], in.off)) = uint16(r[in.src&15])
			continue
		case ir.St32X:
			m.ip = (*insn)(ip)
			*(*uint32)(at(r[in.dst&15], in.off)) = uint32(r[in.src&15])
			continue
		case ir.St64X:
			m.ip = (*insn)(ip)
			*(*uint64)(at(r[in.dst&15], in.off)) = r[in.src&15]
			continue
		case ir.AtomicAdd32:
			m.ip = (*insn)(ip)
			mem.Addr(at(r[in.dst&15], in.off)).AddU32(uint32(r[in.src&15]))
			continue
		case ir.AtomicAdd64:
			m.ip = (*insn)(ip)
			mem.Addr(at(r[in.dst&15], in.off)).AddU64(r[in.src&15])
			continue

		case ir.JA:
		case ir.JEq64K:
			if r[in.dst&15] != uint64(in.imm) {
				continue
			}
		case ir.JEq64X:
			if r[in.dst&15] != r[in.src&15] {
				continue
			}
		case ir.JEq32K:
			if uint32(r[in.dst&15]) != uint32(in.imm) {
				continue
			}
		case ir.JEq32X:
			if uint32(r[in.dst&15]) != uint32(r[in.src&15]) {
				continue
			}
		case ir.JNe64K:
			if r[in.dst&15] == uint64(in.imm) {
				continue
			}
		case ir.JNe64X:
			if r[in.dst&15] == r[in.src&15] {
				continue
			}
		case ir.JNe32K:
			if uint32(r[in.dst&15]) == uint32(in.imm) {
				continue
			}
		case ir.JNe32X:
			if uint32(r[in.dst&15]) == uint32(r[in.src&15]) {
				continue
			}
		case ir.JGt64K:
			if r[in.dst&15] <= uint64(in.imm) {
				continue
			}
		case ir.JGt64X:
			if r[in.dst&15] <= r[in.src&15] {
				continue
			}
		case ir.JGt32K:
			if uint32(r[in.dst&15]) <= uint32(in.imm) {
				continue
			}
		case ir.JGt32X:
			if uint32(r[in.dst&15]) <= uint32(r[in.src&15]) {
				continue
			}
		case ir.JGe64K:
			if r[in.dst&15] < uint64(in.imm) {
				continue
			}
		case ir.JGe64X:
			if r[in.dst&15] < r[in.src&15] {
				continue
			}
		case ir.JGe32K:
			if uint32(r[in.dst&15]) < uint32(in.imm) {
				continue
			}
		case ir.JGe32X:
			if uint32(r[in.dst&15]) < uint32(r[in.src&15]) {
				continue
			}
		case ir.JLt64K:
			if r[in.dst&15] >= uint64(in.imm) {
				continue
			}
		case ir.JLt64X:
			if r[in.dst&15] >= r[in.src&15] {
				continue
			}
		case ir.JLt32K:
			if uint32(r[in.dst&15]) >= uint32(in.imm) {
				continue
			}
		case ir.JLt32X:
			if uint32(r[in.dst&15]) >= uint32(r[in.src&15]) {
				continue
			}
		case ir.JLe64K:
			if r[in.dst&15] > uint64(in.imm) {
				continue
			}
		case ir.JLe64X:
			if r[in.dst&15] > r[in.src&15] {
				continue
			}
		case ir.JLe32K:
			if uint32(r[in.dst&15]) > uint32(in.imm) {
				continue
			}
		case ir.JLe32X:
			if uint32(r[in.dst&15]) > uint32(r[in.src&15]) {
				continue
			}
		case ir.JSGt64K:
			if int64(r[in.dst&15]) <= in.imm {
				continue
			}
		case ir.JSGt64X:
			if int64(r[in.dst&15]) <= int64(r[in.src&15]) {
				continue
			}
		case ir.JSGt32K:
			if int32(r[in.dst&15]) <= int32(in.imm) {
				continue
			}
		case ir.JSGt32X:
			if int32(r[in.dst&15]) <= int32(r[in.src&15]) {
				continue
			}
		case ir.JSGe64K:
			if int64(r[in.dst&15]) < in.imm {
				continue
			}
		case ir.JSGe64X:
			if int64(r[in.dst&15]) < int64(r[in.src&15]) {
				continue
			}
		case ir.JSGe32K:
			if int32(r[in.dst&15]) < int32(in.imm) {
				continue
			}
		case ir.JSGe32X:
			if int32(r[in.dst&15]) < int32(r[in.src&15]) {
				continue
			}
		case ir.JSLt64K:
			if int64(r[in.dst&15]) >= in.imm {
				continue
			}
		case ir.JSLt64X:
			if int64(r[in.dst&15]) >= int64(r[in.src&15]) {
				continue
			}
		case ir.JSLt32K:
			if int32(r[in.dst&15]) >= int32(in.imm) {
				continue
			}
		case ir.JSLt32X:
			if int32(r[in.dst&15]) >= int32(r[in.src&15]) {
				continue
			}
		case ir.JSLe64K:
			if int64(r[in.dst&15]) > in.imm {
				continue
			}
		case ir.JSLe64X:
			if int64(r[in.dst&15]) > int64(r[in.src&15]) {
				continue
			}
		case ir.JSLe32K:
			if int32(r[in.dst&15]) > int32(in.imm) {
				continue
			}
		case ir.JSLe32X:
			if int32(r[in.dst&15]) > int32(r[in.src&15]) {
				continue
			}
		case ir.JSet64K:
			if r[in.dst&15]&uint64(in.imm) == 0 {
				continue
			}
		case ir.JSet64X:
			if r[in.dst&15]&r[in.src&15] == 0 {
				continue
			}
		case ir.JSet32K:
			if uint32(r[in.dst&15])&uint32(in.imm) == 0 {
				continue
			}
		case ir.JSet32X:
			if uint32(r[in.dst&15])&uint32(r[in.src&15]) == 0 {
				continue
			}
		case ir.MayGoto:
			n := (*uint64)(at(r[10], int32(in.imm)))
			if *n != 0 {
				*n--
				continue
			}

		case ir.Call:
			m.ip = (*insn)(ip)
			r[0] = m.cd.bodies[in.off](m.c, r[1], r[2], r[3], r[4], r[5])
			if err := m.c.Err(); err != nil {
				return 0, m.fail(m.cd.index(ip), err)
			}
			continue

		case ir.CallLocal:
			pc, err := m.call(int(in.imm), m.cd.index(ip), &r)
			if err != nil {
				return 0, m.fail(m.cd.index(ip), err)
			}
			ip = m.cd.addrOf(pc)
			continue

		case ir.Exit:
			if len(m.c.Frames) == m.base {
				m.c.Block.SP = m.sp
				return r[0], nil
			}
			ip = m.cd.addrOf(m.ret(&r))
			continue

		case ir.TailCall:
			entered, err := m.tail(&r)
			if err != nil {
				return 0, m.fail(m.cd.index(ip), err)
			}
			if entered {
				ip = m.cd.addrOf(m.cd.funcs[0].Start)
			}
			continue

		default:
			m.ip = (*insn)(ip)
			done, err := m.rare(in, &r)
			if err != nil {
				return 0, m.fail(m.cd.index(ip), err)
			}
			if !done {
				continue
			}
			if len(m.c.Frames) == m.base {
				m.c.Block.SP = m.sp
				return r[0], nil
			}
			ip = m.cd.addrOf(m.ret(&r))
			continue
		}

		// A jump is taken; backwards, it costs the instructions in between.
		off := in.off
		ip = unsafe.Add(ip, int(off))
		if off < 0 {
			b := m.c.Block
			if b.Fuel += int64(off) / int64(insnSize); b.Fuel < 0 {
				if err := m.c.Poll(); err != nil {
					return 0, m.fail(m.cd.index(ip)+1, err)
				}
			}
		}
	}
}
