package opt

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/vm/ir"
	"github.com/skepbpf/skep/vm/jit/emit"
)

// Registers of random programs: r0 to r5, r7 and r8 hold numbers, r6 the
// address of the buffer, r9 counts turns.
var numbers = []uint8{0, 1, 2, 3, 4, 5, 7, 8}

// author writes random programs in the manner of compilers.
type author struct {
	*rand.Rand
	insns []ir.Insn
	loops int
	old   bool // writes no operations of 32 bits
}

func (a *author) put(in ir.Insn) int {
	if a.old && in.Op >= ir.Add64K && in.Op <= ir.Mov32X && in.Op.Is32() {
		in.Op -= 2
	}
	in.Slot = int32(len(a.insns))
	a.insns = append(a.insns, in)
	return len(a.insns) - 1
}

func (a *author) op(op ir.Op, dst, src uint8, imm int64) {
	a.put(ir.Insn{Op: op, Dst: dst, Src: src, Imm: imm})
}
func (a *author) number() uint8 { return numbers[a.IntN(len(numbers))] }

// others are n different registers with numbers.
func (a *author) others(n int) []uint8 {
	l := slices.Clone(numbers)
	a.Shuffle(len(l), func(i, k int) { l[i], l[k] = l[k], l[i] })
	return l[:n]
}

func (a *author) constant() int64 {
	return []int64{
		0, 1, -1, 2, 3, 7, 8, 16, 31, 32, 33, 63, 64, 0x7f, 0xff, 0x100, 0xffff, 0x7fff_ffff, -0x8000_0000, 0xff00, int64(int32(a.Uint32())), 5, -8,
	}[a.IntN(23)]
}

// arithmetic is one operation on numbers.
func (a *author) arithmetic() {
	in := ir.Insn{Op: ir.Add64K + ir.Op(a.IntN(int(ir.Swap64-ir.Add64K)+1)), Dst: a.number(), Src: a.number(), Imm: a.constant()}
	if in.Op > ir.Mov32X && in.Op < ir.Neg64 {
		return
	}
	if in.Op <= ir.Mov32X && in.Op.IsK() {
		in.Src = 0
		switch in.Op.Base() {
		case ir.Lsh64K, ir.Rsh64K, ir.Arsh64K:
			if in.Imm &= 63; in.Op.Is32() {
				in.Imm &= 31
			}
		case ir.Div64K, ir.SDiv64K, ir.Mod64K, ir.SMod64K:
			if in.Imm == 0 {
				in.Imm = 9
			}
		case ir.Mov64K:
			if in.Op == ir.Mov64K && a.IntN(3) == 0 {
				in.Imm = int64(a.Uint64())
			}
		}
	}
	a.put(in)
}

// rotate is one of the shapes of a rotate.
func (a *author) rotate() {
	r := a.others(4)
	x, t, n, m := r[0], r[1], r[2], r[3]
	w, or := int64(64), []ir.Op{ir.Or64X, ir.Or64X, ir.Add64X, ir.Xor64X}[a.IntN(4)]
	form := ir.Op(0)
	if a.IntN(2) == 0 {
		w, form = 32, 2
	}
	k := 1 + a.Int64N(w-1)
	l, rt := ir.Lsh64K, ir.Rsh64K
	if a.IntN(2) == 0 {
		l, rt, k = rt, l, w-k
	}
	between := func() {
		if a.IntN(3) == 0 {
			a.op(ir.Add64K, m, 0, 5)
		}
		if a.IntN(16) == 0 {
			a.arithmetic()
		}
	}
	move := ir.Mov64X + ir.Op(a.IntN(2))*form
	switch a.IntN(4) {
	case 0: // both in place, of a copy
		a.op(move, t, x, 0)
		between()
		a.op(l+form, t, 0, k)
		between()
		a.op(rt+form, x, 0, w-k)
	case 1: // both of copies
		a.op(move, t, x, 0)
		a.op(move, n, x, 0)
		a.op(l+form, t, 0, k)
		between()
		a.op(rt+form, n, 0, w-k)
		x = n
	case 2: // old code: 64-bit shifts and masks
		if w == 64 {
			return
		}
		a.op(ir.Mov64X, t, x, 0)
		a.op(ir.Lsh64K, x, 0, 32)
		a.op(ir.Rsh64K, x, 0, 32)
		a.op(ir.Rsh64K, x, 0, 7)
		between()
		a.op(ir.Lsh64K, t, 0, 25)
		a.op(or, t, x, 0)
		a.op(ir.And32K, t, 0, -1)
		return
	case 3: // by a register
		a.op(move, t, x, 0)
		a.op(ir.Mov64X, m, n, 0)
		a.op(ir.Neg64+form/2, m, 0, 0)
		if a.IntN(2) == 0 {
			a.op(ir.And32K, m, 0, w-1)
			a.op(ir.And64K, n, 0, w-1)
		}
		a.op(l+1+form, t, n, 0)
		a.op(rt+1+form, x, m, 0)
	}
	if a.IntN(2) == 0 {
		x, t = t, x
	}
	between()
	a.op(or+form, t, x, 0)
}

// bytes reads a number byte by byte.
func (a *author) bytes() {
	r := a.others(3)
	base, off := uint8(6), int32(a.IntN(40))
	if a.IntN(4) == 0 {
		a.op(ir.Mov64X, r[2], 6, 0)
		a.op(ir.Add64K, r[2], 0, a.Int64N(16))
		base = r[2]
	}
	size, form := 2<<a.IntN(3), ir.Op(a.IntN(2)*2)
	if size == 8 {
		form = 0
	}
	big := a.IntN(2) == 0
	order := a.Perm(size)
	if a.IntN(2) == 0 {
		slices.Sort(order)
	}
	for i, k := range order {
		shift := int64(8 * k)
		if big {
			shift = int64(8 * (size - 1 - k))
		}
		dst := r[0]
		if i > 0 {
			dst = r[1]
		}
		a.put(ir.Insn{Op: ir.LdU8, Dst: dst, Src: base, Off: off + int32(k)})
		if shift > 0 {
			a.op(ir.Lsh64K+form, dst, 0, shift)
		}
		if base == 6 && a.IntN(12) == 0 {
			a.memory()
		}
		if i > 0 {
			a.op([]ir.Op{ir.Or64X, ir.Add64X, ir.Xor64X}[a.IntN(3)]+form, r[0], dst, 0)
		}
	}
	if a.IntN(3) == 0 {
		a.op(ir.Be16+ir.Op(a.IntN(9)), r[0], 0, 0)
	}
}

// extend are the shapes of extensions and masks.
func (a *author) extend() {
	d := a.number()
	if a.IntN(2) == 0 {
		a.put(ir.Insn{Op: ir.LdU8 + ir.Op(a.IntN(7)), Dst: d, Src: 6, Off: int32(a.IntN(64))})
	}
	n := []int64{32, 48, 56, 8, 16}[a.IntN(5)]
	switch a.IntN(4) {
	case 0:
		a.op(ir.Lsh64K, d, 0, n)
		a.op(ir.Rsh64K, d, 0, n)
	case 1:
		a.op(ir.Lsh64K, d, 0, n)
		a.op(ir.Arsh64K, d, 0, n)
	case 2:
		a.op(ir.And64K, d, 0, []int64{0xff, 0xffff, 0x7fff_ffff, 0xf0, -4}[a.IntN(5)])
	case 3:
		a.op(ir.Mov32X, a.number(), d, 0)
		a.op(ir.Mov32X, d, d, 0)
	}
}

// chain is two-address code: copies and sums.
func (a *author) chain() {
	r := a.others(3)
	a.op(ir.Mov64X, r[0], r[1], 0)
	a.op(ir.Add64K, r[0], 0, a.constant())
	a.op(ir.Mov64X, r[2], r[0], 0)
	a.op(ir.Add64K+ir.Op(a.IntN(2))*4, r[2], 0, a.constant())
	if a.IntN(2) == 0 {
		a.op(ir.Xor64X, r[1], r[2], 0)
	}
}

// memory is a load or a store: in the buffer, in the frame, through a copy of
// either's address, or through an address that was itself in memory.
func (a *author) memory() {
	r := a.others(2)
	base, off := uint8(6), int32(a.IntN(48))
	switch a.IntN(7) {
	case 6: // the buffer's address, out of the frame
		base = r[0]
		a.put(ir.Insn{Op: ir.St64X, Dst: fp, Src: 6, Off: -56})
		a.put(ir.Insn{Op: ir.AtomicAdd64, Dst: fp, Src: r[1], Off: -8})
		a.put(ir.Insn{Op: ir.LdU64, Dst: base, Src: fp, Off: -56})
	case 0, 1, 2:
		base, off = fp, -int32(8+8*a.IntN(6))
	case 3:
		base, off = r[0], off&^7
		a.op(ir.Mov64X, base, 6, 0)
		a.op(ir.Add64K, base, 0, 8*a.Int64N(4))
	case 4:
		base, off = r[0], 0
		a.op(ir.Mov64X, base, fp, 0)
		a.op(ir.Add64K, base, 0, -8-8*a.Int64N(6))
	case 5:
		if a.IntN(4) > 0 {
			break
		}
		base, off = r[0], 0
		a.op(ir.Mov64X, base, fp, 0)
		a.op(ir.Add64K, base, 0, -8-8*a.Int64N(6))
		a.put(ir.Insn{Op: ir.St64X, Dst: fp, Src: base, Off: -64})
		a.put(ir.Insn{Op: ir.LdU64, Dst: base, Src: fp, Off: -64})
	}
	if base == r[0] && a.IntN(4) == 0 { // in another block than its address
		j := a.put(ir.Insn{Op: ir.JEq64K + ir.Op(a.IntN(44)), Dst: r[1], Src: 9, Imm: a.constant()})
		a.put(ir.Insn{Op: ir.St8X, Dst: fp, Src: r[1], Off: -int32(1 + a.IntN(48))})
		a.insns[j].Off = int32(len(a.insns))
	}
	switch op := ir.Op(a.IntN(4)); a.IntN(5) {
	case 0, 1:
		a.put(ir.Insn{Op: ir.LdU8 + ir.Op(a.IntN(7)), Dst: r[1], Src: base, Off: off})
	case 2, 3:
		a.put(ir.Insn{Op: ir.St8X + op, Dst: base, Src: r[1], Off: off})
	case 4:
		if a.IntN(3) == 0 {
			a.put(ir.Insn{Op: []ir.Op{ir.AtomicAdd64, ir.FetchAdd64}[a.IntN(2)], Dst: base, Src: r[1], Off: off})
			break
		}
		a.put(ir.Insn{Op: ir.St8K + op, Dst: base, Imm: a.constant(), Off: off})
	}
	if base == r[0] { // nothing may depend on where frames lie
		a.op(ir.Mov64K, base, 0, a.constant())
	}
}

// stores writes side by side: constants, a copy, or the parts of a number.
func (a *author) stores() {
	r := a.others(3)
	base, off, from := uint8(6), int32(a.IntN(40)), int32(a.IntN(48))
	if a.IntN(2) == 0 {
		base, off = fp, -int32(16+a.IntN(32))
	}
	log := a.IntN(3)
	size, n := int32(1)<<log, 2+a.IntN(5)
	if int32(n)*size > 16 {
		n = 2
	}
	kind, down := a.IntN(3), a.IntN(3) == 0
	if a.IntN(3) == 0 { // all loads first
		r, n := a.others(4), 4
		if base == fp && off > -48 {
			off = -48
		}
		for i := range n {
			a.put(ir.Insn{Op: ir.LdU8 + ir.Op(log), Dst: r[i], Src: 6, Off: from + int32(i)*size})
		}
		if a.IntN(6) == 0 {
			a.arithmetic()
		}
		for _, i := range a.Perm(n) {
			a.put(ir.Insn{Op: ir.St8X + ir.Op(log), Dst: base, Src: r[i], Off: off + int32(i)*size})
			a.op(ir.Mov64K, r[i], 0, a.constant())
		}
		return
	}
	for i := range int32(n) {
		if down {
			i = int32(n) - 1 - i
		}
		in := ir.Insn{Op: ir.St8X + ir.Op(log), Dst: base, Src: r[0], Off: off + i*size}
		switch kind {
		case 0:
			in.Op, in.Src, in.Imm = ir.St8K+ir.Op(log), 0, a.constant()
		case 1:
			if a.IntN(4) == 0 {
				in.Src = r[1+a.IntN(2)]
			}
			src, from := uint8(6), from
			if a.IntN(8) == 0 {
				src, from = fp, -48
			}
			a.put(ir.Insn{Op: ir.LdU8 + ir.Op(log), Dst: in.Src, Src: src, Off: from + i*size})
		case 2:
			in.Src = r[1]
			a.op(ir.Mov64X+ir.Op(a.IntN(2))*2, r[1], r[0], 0)
			if i > 0 {
				a.op(ir.Rsh64K, r[1], 0, int64(8*i*size)&63)
			}
		}
		a.put(in)
		if a.IntN(12) == 0 {
			a.memory()
		}
	}
}

// ones adds up the ones of a number, or nearly so, in between other things.
func (a *author) ones() {
	r := a.others(4)
	d, x, t, c := r[0], r[1], r[2], r[3]
	form, all, top := ir.Op(0), ^uint64(0), int64(56)
	if a.IntN(2) == 0 {
		form, all, top = 2, 0xffff_ffff, 24
	}
	// wrong is rarely true: where the sum is none.
	wrong := func() bool { return a.IntN(60) == 0 }
	between := func() {
		switch a.IntN(24) {
		case 0:
			a.arithmetic()
		case 1:
			a.memory()
		case 2:
			a.op(ir.Mov64K, t, 0, a.constant())
		case 3:
			a.op(ir.Mov64X, d, x, 0)
			d, x = x, d
		}
	}
	join := func(op ir.Op, dst uint8, k uint64) {
		between()
		if wrong() {
			k ^= 1 << a.IntN(64)
		}
		if k &= all; form != 0 {
			k = uint64(int64(int32(k)))
		}
		switch a.IntN(4) {
		case 0:
			a.op(op+form, dst, 0, int64(k))
		case 1:
			a.op(ir.Mov64K, c, 0, int64(k))
			a.op(op+1+form, c, dst, 0)
			a.op(ir.Mov64X, dst, c, 0)
		default:
			a.op(ir.Mov64K, c, 0, int64(k))
			a.op(op+1+form, dst, c, 0)
		}
	}
	shift := func(dst uint8, n int64) {
		if wrong() {
			n++
		}
		a.op(ir.Rsh64K+form, dst, 0, n)
	}
	move := func(dst, src uint8) {
		between()
		a.op(ir.Mov64X+ir.Op(a.IntN(2))*form, dst, src, 0)
	}
	move(t, x)
	shift(t, 1)
	join(ir.And64K, t, fives)
	if a.IntN(4) == 0 {
		a.op(ir.And64K+form, x, 0, []int64{-2, -2, -4, 0x7ffe}[a.IntN(4)])
	}
	a.op(ir.Sub64X+form, x, t, 0)
	move(d, x)
	if a.IntN(2) == 0 {
		shift(x, 2)
		join(ir.And64K, d, threes)
		join(ir.And64K, x, threes)
	} else {
		join(ir.And64K, x, threes)
		shift(d, 2)
		join(ir.And64K, d, threes)
	}
	a.op(ir.Add64X+form, d, x, 0)
	if a.IntN(2) == 0 {
		x = t
	}
	move(x, d)
	shift(x, 4)
	if a.IntN(2) == 0 {
		a.op(ir.Add64X+form, d, x, 0)
	} else {
		a.op(ir.Add64X+form, x, d, 0)
		d, x = x, d
	}
	join(ir.And64K, d, nibble)
	join(ir.Mul64K, d, each)
	between()
	shift(d, top)
	if a.IntN(4) > 0 { // so that nobody reads what was on the way
		for _, r := range []uint8{x, t, c, r[0], r[1]} {
			if r != d {
				a.op(ir.Mov64K, r, 0, a.constant())
			}
		}
	}
}

// call calls a helper, or one of functions.
func (a *author) call(functions int) {
	if functions > 0 && a.IntN(2) == 0 {
		a.put(ir.Insn{Op: ir.CallLocal, Imm: 1})
		for r := uint8(1); r <= 5; r++ { // nobody may read what is there
			a.op(ir.Mov64K, r, 0, a.constant())
		}
		return
	}
	if a.IntN(2) == 0 {
		a.op(ir.Mov64X, 2, fp, 0)
		a.op(ir.Add64K, 2, 0, -8-8*a.Int64N(6))
	}
	a.put(ir.Insn{Op: ir.Call, Off: 0})
}

// branch is a block that is left out on a condition, or one of two.
func (a *author) branch(depth, functions int) {
	j := a.put(ir.Insn{Op: ir.JEq64K + ir.Op(a.IntN(44)), Dst: a.number(), Src: a.number(), Imm: a.constant()})
	a.body(depth-1, functions)
	if a.IntN(2) == 0 {
		over := a.put(ir.Insn{Op: ir.JA})
		a.insns[j].Off = int32(len(a.insns))
		a.body(depth-1, functions)
		a.insns[over].Off = int32(len(a.insns))
		return
	}
	a.insns[j].Off = int32(len(a.insns))
}

// loop is a few turns; r9 counts those of the innermost loop.
func (a *author) loop(depth, functions int) {
	if a.loops > 0 {
		return
	}
	a.loops++
	a.op(ir.Mov64K, 9, 0, 1+a.Int64N(4))
	top := len(a.insns)
	a.body(depth-1, functions)
	a.op(ir.Add64K, 9, 0, -1)
	j := a.put(ir.Insn{Op: ir.JNe64K, Dst: 9, Off: int32(top), Flags: ir.BackEdge})
	a.insns[j].Cost = int32(j + 1 - top)
	a.loops--
}

func (a *author) body(depth, functions int) {
	for range 2 + a.IntN(8) {
		switch n := a.IntN(19); {
		case n == 18:
			a.ones()
		case n > 15:
			a.stores()
		case n < 4:
			a.arithmetic()
		case n < 6:
			a.rotate()
		case n < 8:
			a.bytes()
		case n == 8:
			a.extend()
		case n == 9:
			a.chain()
		case n < 13:
			a.memory()
		case n == 13 && a.IntN(2) == 0:
			a.call(functions)
		case n == 14 && depth > 0:
			a.branch(depth, functions)
		case n == 15 && depth > 0:
			a.loop(depth, functions)
		}
	}
}

// randomProgram is a program of one or two functions. Its results are the
// buffer, with all registers in it, and r0.
func randomProgram(seed uint64) *ir.Program {
	a := &author{Rand: rand.New(rand.NewPCG(seed, 7)), old: seed%4 == 3}
	p := &ir.Program{Callees: []ir.Callee{{Helper: abi.MapLookupElem}}}
	functions := a.IntN(2)
	end := func() {
		p.Funcs = append(p.Funcs, ir.Func{End: len(a.insns), Cost: int32(len(a.insns)), StackDepth: 64})
	}
	// A path of its own where nothing is known of any register.
	a.body(3, functions)
	for i, r := range numbers {
		a.put(ir.Insn{Op: ir.St64X, Dst: 6, Src: r, Off: int32(128 + 8*i)})
	}
	a.put(ir.Insn{Op: ir.Exit})
	end()
	if functions > 0 {
		start := len(a.insns)
		for _, r := range []uint8{0, 7, 8} { // only r1 to r5 come from the caller
			a.op(ir.Mov64K, r, 0, a.constant())
		}
		a.op(ir.Mov64K, 6, 0, bufBase)
		a.op(ir.Mov64K, 9, 0, a.constant())
		for off := int32(-64); off < 0; off += 8 {
			a.put(ir.Insn{Op: ir.St64K, Dst: fp, Imm: a.constant(), Off: off})
		}
		a.body(2, 0)
		a.put(ir.Insn{Op: ir.Exit})
		end()
		p.Funcs[1].Start = start
		for i := range a.insns[:start] {
			if in := &a.insns[i]; in.Op == ir.CallLocal {
				in.Off = int32(start)
			}
		}
	}
	p.Insns = a.insns
	p.Index = make([]int32, len(p.Insns))
	for i := range p.Index {
		p.Index[i] = int32(i)
	}
	for i := range p.Insns {
		if in := &p.Insns[i]; in.Op.IsJump() {
			p.Insns[in.Off].Flags |= ir.Target
		}
	}
	return p
}

// outcome is all that a run of p with random input shows.
func outcome(t *testing.T, p *ir.Program, seed uint64) string {
	r := rand.New(rand.NewPCG(seed, 8))
	m := &machine{t: t, p: p}
	for i := range m.regs {
		m.regs[i] = r.Uint64() >> (r.IntN(3) * 24)
		if r.IntN(4) == 0 {
			m.regs[i] = uint64(r.IntN(4))
		}
	}
	m.regs[6] = bufBase
	for i := range m.buf {
		m.buf[i] = byte(r.Uint32())
	}
	for i := range m.stack {
		m.stack[i] = byte(r.Uint32())
	}
	m.run(0, stackBase+stackSize-512)
	return fmt.Sprintf("r0 %#x, fuel %d, memory %x, calls %v", m.regs[0], m.fuel, m.buf, m.calls)
}

// text is a program, for messages.
func text(p *ir.Program) string {
	var b strings.Builder
	for i, in := range p.Insns {
		fmt.Fprintf(&b, "%3d: op %3d r%d r%d off %d imm %#x flags %#x slot %d\n", i, in.Op, in.Dst, in.Src, in.Off, in.Imm, in.Flags, in.Slot)
	}
	return b.String()
}

// TestRandomProgramsDoTheSame runs random programs before and after each pass
// and all of them. SKEP_OPT_SEEDS is how many, for hours of it.
func TestRandomProgramsDoTheSame(t *testing.T) {
	t.Parallel()
	sets := []emit.Opt{emit.OptAll, 0, emit.OptDead}
	for o := emit.Opt(1); o < emit.OptAll; o <<= 1 {
		sets = append(sets, emit.OptAll&^o)
		sets = append(sets, o)
	}
	seeds := uint64(1500)
	if n, err := strconv.ParseUint(os.Getenv("SKEP_OPT_SEEDS"), 10, 64); err == nil {
		seeds = n
	}
	before, after, counts := 0, 0, 0
	for seed := range seeds {
		p := randomProgram(seed)
		original := slices.Clone(p.Insns)
		want := [2]string{outcome(t, p, seed), outcome(t, p, seed+1)}
		for i, off := range sets {
			if i > 3 && uint64(i)%8 != seed%8 {
				continue
			}
			q := Optimize(p, emit.Options{Off: off})
			if !slices.Equal(original, p.Insns) {
				t.Fatalf("seed %d: the program was changed", seed)
			}
			for k := range want {
				if got := outcome(t, q, seed+uint64(k)); got != want[k] {
					t.Fatalf("seed %d, without %#x: another outcome\n%s\nwant %s\n%s\n%s", seed, off, got, want[k], text(p), text(q))
				}
			}
			if off == 0 {
				before, after = before+len(p.Insns), after+len(q.Insns)
				counts += count(q, ir.Popcnt64, ir.Popcnt32)
			}
		}
	}
	t.Logf("%d instructions became %d, with %d counts of ones", before, after, counts)
	if counts*20 < int(seeds) {
		t.Errorf("%d counts of ones in %d programs", counts, seeds)
	}
	if after*10 > before*9 {
		t.Errorf("%d instructions became %d", before, after)
	}
}
