package randprog

import (
	"strconv"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/isa"
)

// callFunction calls a subprogram with what the registers hold, a new one or
// one that fits.
func (g *gen) callFunction() {
	if !g.mayCall() || g.fn.level >= 3 || g.st.refs > 0 && !g.oneIn(20) {
		return
	}
	f := g.fitting()
	if f == nil {
		if len(g.funcs) > 6 {
			return
		}
		f = &function{name: "sub" + strconv.Itoa(len(g.funcs)), entry: g.label(), level: g.fn.level + 1}
		f.global = g.oneIn(4)
		g.needTypes = g.needTypes || f.global
		for a := isa.R1; a <= isa.R1+isa.Reg(g.below(4)); a++ {
			g.argument(f, a)
		}
		g.funcs = append(g.funcs, f)
	} else {
		for a := isa.R1; a <= isa.R5; a++ {
			if f.args[a].kind == scalar {
				g.scalarArg(a)
			}
		}
	}
	g.callLocal(f.entry)
	g.clobber()
	g.st.regs[0] = unknown()
}

// fitting is a function whose arguments can be made here.
func (g *gen) fitting() *function {
	if g.below(2) == 0 {
		return nil
	}
	for i := range g.funcs {
		f := g.funcs[i]
		ok := f.level > g.fn.level && !f.callback
		for _, a := range f.args {
			ok = ok && (a.kind == none || a.kind == scalar)
		}
		if ok {
			return f
		}
	}
	return nil
}

func (g *gen) scalarArg(a isa.Reg) {
	if r, ok := g.find(func(r reg) bool { return r.kind == scalar }); ok && g.below(4) > 0 {
		g.mov(a, r)
	} else {
		g.movImm(a, g.imm())
	}
	g.st.regs[a] = unknown()
}

// argument puts something into an argument register, and says so to the
// function.
func (g *gen) argument(f *function, a isa.Reg) {
	way := g.below(5)
	if f.global {
		way = 0
	}
	switch way {
	case 3:
		if r, ok := g.find(func(r reg) bool {
			return r.kind == bctx || (r.kind == value || r.kind == memory) && !r.null && !r.ref
		}); ok {
			g.mov(a, r)
			x := g.st.regs[r]
			x.id, x.fixed = 0, false
			g.st.regs[a] = x
			f.args[a] = x
			return
		}
	case 4:
		n := g.between(1, 4)
		if at, ok := g.stackRoom(n); ok {
			g.fill(at, n)
			g.mov(a, isa.FP)
			g.addImm(a, at)
			g.st.regs[a] = reg{kind: memory, size: int32(8 * n)}
			f.args[a] = g.st.regs[a]
			return
		}
	}
	g.scalarArg(a)
	f.args[a] = unknown()
}

// fill writes data into n slots of the stack.
func (g *gen) fill(at int32, n int) {
	for k := range int32(n) {
		if !g.oneIn(8) {
			g.storeImm(isa.SizeDW, isa.FP, at+8*k, g.imm())
		}
	}
	g.st.wipe(at, int32(8*n))
}

// callback calls a helper that calls a function of the program.
func (g *gen) callback() {
	if !g.mayCall() || g.fn.level > 1 || len(g.funcs) > 6 || g.st.refs > 0 {
		return
	}
	g.needTypes = true
	f := &function{
		name: "callback" + strconv.Itoa(len(g.funcs)), entry: g.label(), level: max(2, g.fn.level+1), callback: true,
	}
	n := g.between(1, 3)
	at, ok := g.stackRoom(n)
	if !ok {
		return
	}
	g.fill(at, n)
	data := reg{kind: memory, size: int32(8 * n)}
	if g.below(2) == 1 {
		m := pick(g.source, arrayMap, hashMap)
		f.args[1] = reg{kind: mapPtr, mapIdx: m}
		f.args[2] = reg{kind: memory, size: int32(g.all[m].KeySize)}
		f.args[3] = reg{kind: value, mapIdx: m, size: int32(g.all[m].ValueSize)}
		f.args[4] = data
		g.loadMap(isa.R1, m)
		g.funcAddr(isa.R2, f.entry)
		g.mov(isa.R3, isa.FP)
		g.addImm(isa.R3, at)
		g.movImm(isa.R4, 0)
		g.funcs = append(g.funcs, f)
		g.call(abi.ForEachMapElem)
	} else {
		f.args[1], f.args[2] = unknown(), data
		if r, ok := g.find(isScalar); ok && g.below(2) == 1 {
			g.mov(isa.R1, r)
		} else {
			g.movImm(isa.R1, int32(g.below(12)))
		}
		g.funcAddr(isa.R2, f.entry)
		g.mov(isa.R3, isa.FP)
		g.addImm(isa.R3, at)
		g.movImm(isa.R4, 0)
		g.funcs = append(g.funcs, f)
		g.call(abi.Loop)
	}
	g.st.regs[0] = unknown()
}

// helperCall calls a helper that the program type has, by its prototype.
func (g *gen) helperCall() {
	if !g.mayCall() || g.st.refs > 0 {
		return
	}
	var h *abi.Helper
	for range 6 {
		x := abi.HelperFor(abi.HelperID(g.between(1, abi.NumHelpers-1)), g.prog.Type, g.prog.Attach)
		if x != nil && g.canCall(x) {
			h = x
			break
		}
	}
	if h == nil {
		return
	}
	m := -1
	for a, arg := range h.Args {
		if arg.Base() == abi.ArgConstMapPtr {
			if m = g.mapFor(h.ID); m < 0 {
				return
			}
		}
		if b := arg.Base(); (b == abi.ArgConstSize || b == abi.ArgConstSizeOrZero) && a == 0 {
			return
		}
	}
	g.calls = false
	ok := true
	for a := 0; a < len(h.Args) && ok; a++ {
		ok = g.helperArg(h, a, m)
	}
	g.calls = true
	if !ok {
		return
	}
	g.call(h.ID)
	g.st.regs[0] = unknown()
	if h.Ret.Base() == abi.RetVoid {
		g.st.regs[0] = reg{}
	}
	if h.ChangesPkt && !g.oneIn(10) {
		g.st.forget(func(r reg) bool { return r.kind == packet || r.kind == packetEnd })
	}
}

// canCall reports whether arguments for a helper can be made, and the helper
// leaves nothing behind.
func (g *gen) canCall(h *abi.Helper) bool {
	if h.Config != "" || h.ID == abi.TailCall || h.MightSleep && g.prog.Flags&abi.Sleepable == 0 {
		return false
	}
	if h.ChangesPkt && (g.loops > 0 || g.fn.level > 0) {
		return false
	}
	switch h.ID {
	case abi.ProbeWriteUser, abi.OverrideReturn, abi.TracePrintk, abi.SendSignal, abi.SendSignalThread:
		// They have conditions outside the program, or write to the kernel's log.
		return false
	}
	if b := h.Ret.Base(); b != abi.RetInteger && b != abi.RetVoid {
		return false
	}
	for _, a := range h.Args {
		switch a.Base() {
		case abi.ArgNone, abi.ArgConstMapPtr, abi.ArgMapKey, abi.ArgMapValue, abi.ArgMem, abi.ArgConstSize, abi.ArgConstSizeOrZero,
			abi.ArgCtx, abi.ArgAnything, abi.ArgScalar, abi.ArgConstStr:
		default:
			return false
		}
	}
	return true
}

// mapFor is a map that a helper takes, mostly; -1 for none.
func (g *gen) mapFor(id abi.HelperID) int {
	first := g.below(innerMap)
	for i := range innerMap {
		m := (first + i) % innerMap
		if m == lockMap && !g.locks() || m == progsMap {
			continue
		}
		if g.all[m].Type.Info().Takes(id, g.prog.Type, g.prog.Attach) || g.oneIn(60) {
			return m
		}
	}
	return -1
}

// helperArg puts argument a of a helper into its register.
func (g *gen) helperArg(h *abi.Helper, a, m int) bool {
	r := isa.R1 + isa.Reg(a)
	arg := h.Args[a]
	if arg.Has(abi.ArgNullable) && g.oneIn(4) {
		g.movImm(r, 0)
		g.st.regs[r] = constant(0)
		return true
	}
	switch arg.Base() {
	case abi.ArgNone:
	case abi.ArgConstMapPtr:
		g.loadMap(r, m)
	case abi.ArgMapKey:
		return g.memoryArg(r, int32(g.all[m].KeySize), arg)
	case abi.ArgMapValue:
		return g.memoryArg(r, int32(g.all[m].ValueSize), arg)
	case abi.ArgMem:
		if arg.Has(abi.ArgFixed) {
			return g.memoryArg(r, int32(h.ArgSize[a]), arg)
		}
		n := int32(g.between(1, 48))
		if !g.memoryArg(r, n, arg) {
			return false
		}
		if a+1 < len(h.Args) {
			g.st.regs[r].size = n
		}
	case abi.ArgConstSize, abi.ArgConstSizeOrZero:
		g.sizeArg(r, g.st.regs[r-1].size, arg.Base() == abi.ArgConstSizeOrZero)
	case abi.ArgCtx:
		c, ok := g.find(func(x reg) bool { return x.kind == bctx && x.off == 0 })
		if !ok {
			return false
		}
		if c != r {
			g.mov(r, c)
		}
		g.st.regs[r] = g.st.regs[c]
	case abi.ArgConstStr:
		g.wide(r, isa.PseudoMapIdxValue, g.useMap(constMap), int32(g.below(4)))
		g.st.regs[r] = reg{kind: value, mapIdx: constMap, size: int32(len(constText))}
	default:
		g.scalarArg(r)
	}
	return true
}

// memoryArg points a register to memory of n bytes.
func (g *gen) memoryArg(r isa.Reg, n int32, arg abi.Arg) bool {
	if n > 256 {
		return false
	}
	if p, ok := g.find(func(x reg) bool {
		return (x.kind == value && x.mapIdx != lockMap || x.kind == memory || x.kind == packet) && !x.null && x.size-x.off >= n &&
			x.mapIdx != constMap
	}); ok && g.oneIn(3) {
		if p != r {
			g.mov(r, p)
		}
		g.st.regs[r] = g.st.regs[p]
		g.st.regs[r].fixed, g.st.regs[r].ref = false, false
		return true
	}
	at, ok := g.stackRoom(int(n+7) / 8)
	if !ok {
		return false
	}
	if arg&abi.ArgUninit == 0 || g.oneIn(4) {
		g.fill(at, int(n+7)/8)
	} else {
		g.st.wipe(at, n)
	}
	g.mov(r, isa.FP)
	if g.oneIn(40) {
		at++
	}
	g.addImm(r, at)
	g.st.regs[r] = reg{kind: memory, size: n}
	return true
}

// sizeArg puts the size of memory of n bytes into a register, a constant or a
// bounded number.
func (g *gen) sizeArg(r isa.Reg, n int32, zero bool) {
	src, ok := g.find(isScalar)
	if !ok || src == r || g.below(2) == 0 {
		if g.oneIn(40) {
			n++
		}
		g.movImm(r, n)
		g.st.regs[r] = constant(uint64(n))
		return
	}
	g.mov(r, src)
	g.st.regs[r] = unknown()
	limit := uint64(n)
	if !zero {
		limit--
	}
	g.bound(r, limit)
	if !zero && !g.oneIn(20) {
		g.addImm(r, 1)
	}
	g.st.regs[r] = unknown()
}

// ringRecord reserves, fills and submits a record.
func (g *gen) ringRecord() {
	k, ok := g.keep()
	if !ok || !g.mayCall() || g.st.refs > 0 {
		return
	}
	size := int32(g.between(1, 6) * 8)
	g.loadMap(isa.R1, ringMap)
	g.movImm(isa.R2, size)
	g.movImm(isa.R3, 0)
	g.call(abi.RingBufReserve)
	x := reg{kind: memory, size: size, id: g.id(), null: true}
	g.st.regs[0] = x
	if !g.oneIn(24) {
		g.fn.outUsed = true
		g.jumpImm(isa.ClassJmp, isa.JEq, isa.R0, 0, g.fn.out)
	}
	g.mov(k, isa.R0)
	x.null, x.ref = false, true
	g.st.regs[k], g.st.regs[0] = x, reg{}
	g.st.refs++
	g.block(g.between(1, 5))
	if g.st.dead {
		return
	}
	if g.st.regs[k].id != x.id {
		// What came after it lost the register: the program is refused.
		g.st.refs--
		return
	}
	if !g.oneIn(24) {
		g.mov(isa.R1, k)
		g.movImm(isa.R2, 0)
		g.call(pick(g.source, abi.RingBufSubmit, abi.RingBufDiscard))
		g.st.regs[0] = reg{}
	}
	g.st.refs--
	g.st.forget(func(r reg) bool { return r.id == x.id })
}

// locks reports whether the program type may use spin locks.
func (g *gen) locks() bool {
	return g.prog.Type == abi.XDP || g.prog.Type == abi.SchedCLS || g.prog.Type == abi.CgroupSKB
}

// spinLock takes the lock of a map's value, works and lets it go.
func (g *gen) spinLock() {
	if !g.locks() || !g.mayCall() || g.st.refs > 0 {
		return
	}
	at, ok := g.stackRoom(1)
	k, kept := g.keep()
	if !ok || !kept {
		return
	}
	g.storeImm(isa.SizeW, isa.FP, at, int32(g.below(3)))
	g.st.wipe(at, 8)
	g.mov(isa.R2, isa.FP)
	g.addImm(isa.R2, at)
	g.loadMap(isa.R1, lockMap)
	g.call(abi.MapLookupElem)
	out, _ := g.bail()
	g.jumpImm(isa.ClassJmp, isa.JEq, isa.R0, 0, out)
	g.mov(k, isa.R0)
	g.st.regs[k] = reg{kind: value, mapIdx: lockMap, size: int32(g.all[lockMap].ValueSize), fixed: true}
	g.mov(isa.R1, k)
	g.call(abi.SpinLock)
	g.st.refs++
	g.calls = false
	for range g.between(1, 4) {
		switch g.below(3) {
		case 0:
			g.arithmetic()
		case 1:
			g.storeImm(isa.SizeW, k, int32(4*g.between(1, 7)), g.imm())
		default:
			g.loadMem(g.dest(), k, isa.SizeW, int32(4*g.between(1, 7)))
		}
	}
	g.calls = true
	g.st.refs--
	if !g.oneIn(24) {
		g.mov(isa.R1, k)
		g.call(abi.SpinUnlock)
	}
	g.st.regs[k].fixed = false
}

// tailCall goes to another program, or on if there is none.
func (g *gen) tailCall() {
	c, ok := g.find(func(r reg) bool { return r.kind == bctx && r.off == 0 })
	if !ok || !g.mayCall() || g.fn.level > 0 || g.st.refs > 0 || g.prog.Type == abi.Syscall {
		return
	}
	if c != isa.R1 {
		g.mov(isa.R1, c)
		g.st.regs[1] = g.st.regs[c]
	}
	g.loadMap(isa.R2, progsMap)
	if r, ok := g.find(isScalar); ok && r != isa.R2 && g.below(2) == 1 {
		g.mov(isa.R3, r)
	} else {
		g.movImm(isa.R3, int32(g.below(6)))
	}
	g.call(abi.TailCall)
}
