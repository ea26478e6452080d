package object

import (
	"cmp"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"sort"

	"github.com/cilium/ebpf/btf"

	"github.com/skepbpf/skep/isa"
)

// readFuncs finds the functions of the executable sections.
func (r *reader) readFuncs() error {
	total := 0
	for _, sec := range r.secs {
		if sec.kind != kindCode {
			continue
		}
		if len(sec.data)%8 != 0 {
			return fmt.Errorf("section %q: size of %d bytes is no multiple of 8", sec.name, len(sec.data))
		}
		var syms []*symbol
		for _, sym := range sec.syms {
			if sym.kind == elf.STT_FUNC {
				syms = append(syms, sym)
			}
		}
		slices.SortStableFunc(syms, func(a, b *symbol) int { return cmp.Compare(a.value, b.value) })
		for i, sym := range syms {
			if i >= maxAliases && syms[i-maxAliases].value == sym.value {
				return fmt.Errorf("section %q: more than %d functions at %d", sec.name, maxAliases, sym.value)
			}
			end := uint64(len(sec.data))
			for _, next := range syms[i+1:] {
				if next.value > sym.value {
					end = min(end, next.value)
					break
				}
			}
			fn, err := r.readFunc(sec, sym, end)
			if err != nil {
				return fmt.Errorf("section %q: function %q: %w", sec.name, sym.name, err)
			}
			if total += len(fn.insns); total > maxInsns {
				return fmt.Errorf("section %q: functions of more than %d instructions", sec.name, maxInsns)
			}
			sec.funcs = append(sec.funcs, fn)
			r.funcs = append(r.funcs, fn)
		}
	}
	return nil
}

// readFunc reads the function at sym, which ends at end if the symbol has no
// size.
func (r *reader) readFunc(sec *section, sym *symbol, end uint64) (*function, error) {
	if sym.value%8 != 0 || sym.size%8 != 0 {
		return nil, errors.New("is not aligned to instructions")
	}
	if sym.value > uint64(len(sec.data)) || sym.size > uint64(len(sec.data))-sym.value {
		return nil, errors.New("reaches beyond its section")
	}
	if sym.size != 0 {
		end = sym.value + sym.size
	}
	if end <= sym.value {
		return nil, errors.New("is empty")
	}
	return &function{
		name: sym.name, section: sec.name, start: int(sym.value / 8),
		insns: decode(sec.data[sym.value:end], r.order), bind: sym.bind, hidden: sym.hidden,
	}, nil
}

// decode turns bytes of the object's order into slots. The nibbles of the
// register byte swap places in big-endian objects. RFC 9669 section 3.1.
func decode(data []byte, order binary.ByteOrder) []isa.Insn {
	out := make([]isa.Insn, 0, len(data)/8)
	for ; len(data) >= 8; data = data[8:] {
		regs := data[1]
		if order == binary.BigEndian {
			regs = regs>>4 | regs<<4
		}
		out = append(out, isa.Insn{
			Op: isa.Op(data[0]), Regs: regs,
			Off: int16(order.Uint16(data[2:])), Imm: int32(order.Uint32(data[4:])),
		})
	}
	return out
}

// funcsAt are the functions that hold slot: one, or several names of one.
func (s *section) funcsAt(slot int) []*function {
	n := sort.Search(len(s.funcs), func(i int) bool { return s.funcs[i].start > slot })
	first := n
	for first > 0 && s.funcs[first-1].start == s.funcs[n-1].start {
		first--
	}
	fns := s.funcs[first:n]
	if out := func(fn *function) bool { return slot >= fn.start+len(fn.insns) }; slices.ContainsFunc(fns, out) {
		fns = slices.DeleteFunc(slices.Clone(fns), out)
	}
	return fns
}

// startsAt is the function that starts at slot, nil if there is none.
func (s *section) startsAt(slot int) *function {
	for _, fn := range s.funcsAt(slot) {
		if fn.start == slot {
			return fn
		}
	}
	return nil
}

// funcOf is the function that a symbol names, nil if there is none.
func (r *reader) funcOf(sym *symbol) *function {
	if sym.sec == nil || sym.sec.kind != kindCode || sym.value%8 != 0 {
		return nil
	}
	fns := sym.sec.funcsAt(int(sym.value / 8))
	for _, fn := range fns {
		if fn.name == sym.name {
			return fn
		}
	}
	return sym.sec.startsAt(int(sym.value / 8))
}

// readRefs reads what the instructions refer to: the relocations of the code
// sections, and calls within one section, which need none.
func (r *reader) readRefs() error {
	for _, sec := range r.secs {
		if sec.kind != kindCode {
			continue
		}
		done := make(map[int]bool)
		for _, rl := range sec.rels {
			if rl.off%8 != 0 || rl.off/8 >= uint64(len(sec.data)/8) {
				return fmt.Errorf("section %q: relocation at %d is not at an instruction", sec.name, rl.off)
			}
			slot := int(rl.off / 8)
			done[slot] = true
			for _, fn := range sec.funcsAt(slot) {
				rf, err := r.refOf(fn, slot-fn.start, rl.sym)
				if err != nil {
					fn.fail(fmt.Errorf("insn %d: relocation against %q: %w", slot-fn.start, rl.sym.name, err))
					continue
				}
				fn.refs = append(fn.refs, rf)
			}
		}
		for _, fn := range sec.funcs {
			r.readCalls(sec, fn, done)
		}
	}
	return nil
}

// readCalls adds the calls and function addresses that have no relocation:
// they are relative within the section.
func (r *reader) readCalls(sec *section, fn *function, done map[int]bool) {
	for i := 0; i < len(fn.insns); i++ {
		in := fn.insns[i]
		var kind refKind
		switch {
		case done[fn.start+i]:
		case in.Op == isa.CallOp && in.Src() == isa.CallLocal:
			kind = refCall
		case in.IsWide() && in.Src() == isa.PseudoFunc:
			kind = refFunc
		}
		if kind != 0 {
			target := fn.start + i + 1 + int(in.Imm)
			callee := sec.startsAt(target)
			switch {
			case callee != nil:
				fn.refs = append(fn.refs, ref{slot: i, kind: kind, fn: callee})
			case target < 0 || target >= len(sec.data)/isa.SlotSize:
				// Outside of the program wherever this function comes to lie in
				// it, so that the verifier finds that nothing is there.
				fn.insns[i].Imm = math.MinInt32
			case target < fn.start || target >= fn.start+len(fn.insns):
				// A call into the function itself is left to the verifier.
				fn.fail(fmt.Errorf("insn %d: call of offset %d in section %q, where no function starts", i, target*8, sec.name))
			}
		}
		if in.IsWide() {
			i++
		}
	}
	slices.SortStableFunc(fn.refs, func(a, b ref) int { return cmp.Compare(a.slot, b.slot) })
}

// fail keeps the first error of a function; the programs that reach it cannot
// be loaded, the others can.
func (fn *function) fail(err error) {
	if fn.err == nil {
		fn.err = err
	}
}

// refOf is what a relocation of the instruction at slot of fn refers to.
func (r *reader) refOf(fn *function, slot int, sym *symbol) (ref, error) {
	in := fn.insns[slot]
	rf := ref{slot: slot}
	isCall := in.Op == isa.CallOp
	switch {
	case isCall && in.Src() != isa.CallLocal:
		return rf, errors.New("is not a call of a function")
	case !isCall && (!in.IsWide() || slot+1 >= len(fn.insns)):
		return rf, errors.New("is neither a call nor a 64-bit immediate")
	case sym.undef:
		rf.ext = r.extBy[sym.name]
		if rf.ext == nil {
			return rf, errors.New("the symbol is not defined")
		}
		rf.kind, rf.off, rf.add, rf.call = refExtern, uint32(in.Imm), uint32(in.Imm), isCall
		return rf, nil
	case sym.sec == nil:
		return rf, errors.New("the symbol is in no section")
	}
	if sym.bind != bindLocal {
		rf.sym, rf.add = sym.name, uint32(in.Imm)
	}
	switch sym.sec.kind {
	case kindCode:
		return r.refOfCode(rf, in, sym, isCall)
	case kindBTFMaps, kindLegacyMaps:
		rf.kind = refMap
		rf.m = r.mapAt[place{sym.sec, sym.value + uint64(uint32(in.Imm))}]
		if rf.m == nil || isCall {
			return rf, errors.New("is no map")
		}
		return rf, nil
	case kindData, kindArena:
		rf.kind, rf.m, rf.off = refValue, sym.sec.m, uint32(sym.value)+uint32(in.Imm)
		if rf.m == nil || isCall {
			return rf, errors.New("is no data")
		}
		return rf, nil
	}
	return rf, fmt.Errorf("section %q holds neither code nor data nor maps", sym.sec.name)
}

// refOfCode is a reference to a function: a call counts in slots from the
// symbol, an address in bytes.
func (r *reader) refOfCode(rf ref, in isa.Insn, sym *symbol, isCall bool) (ref, error) {
	var off int64
	rf.kind = refFunc
	if isCall {
		rf.kind = refCall
		off = int64(sym.value/8) + int64(in.Imm) + 1
	} else {
		off = int64(sym.value/8) + int64(in.Imm/8)
	}
	if sym.value%8 != 0 || (!isCall && in.Imm%8 != 0) || off < 0 || off > maxInsns {
		return rf, errors.New("is not aligned to instructions")
	}
	if rf.fn = r.funcOf(sym); rf.fn == nil || rf.fn.start != int(off) {
		rf.fn = sym.sec.startsAt(int(off))
	}
	if rf.fn == nil {
		return rf, fmt.Errorf("no function starts at offset %d", off*8)
	}
	return rf, nil
}

// linkage reports whether the verifier looks at fn on its own.
func (fn *function) isGlobal() bool {
	return fn.typ != nil && fn.typ.Linkage == btf.GlobalFunc && !fn.hidden
}
