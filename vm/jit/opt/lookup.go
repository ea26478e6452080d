package opt

import (
	"math"
	"slices"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/vm/ir"
	"github.com/skepbpf/skep/vm/jit/emit"
)

// lookups makes operations of the calls that look an element of an array up. Where
// the key always is the same, or still is in the register that was stored, it is
// not read from memory.
func (f *function) lookups(o *emit.Options) (changed bool) {
	if o.Off&emit.OptLookup != 0 {
		return false
	}
	for i := range f.blocks {
		b := &f.blocks[i]
		if b.dead {
			continue
		}
		for k := 0; k < len(b.insns); k++ {
			in := &b.insns[k]
			if in.Op != ir.Call {
				continue
			}
			m, ok := f.arrayOf(in)
			if !ok {
				continue
			}
			changed = true
			if !f.knownElement(in, m) && !f.elementOf(b, k, m) {
				// The walker may know what the load gives.
				elem := ir.Insn{Op: ir.Elem, Off: int32(m), Slot: in.Slot, Flags: in.Flags & ir.InBounds}
				*in = ir.Insn{Op: ir.LdU32, Src: 2, Slot: in.Slot}
				k++
				b.insns = slices.Insert(b.insns, k, elem)
			}
		}
	}
	return changed
}

// arrayOf is the index of the array that a call looks an element up in.
func (f *function) arrayOf(in *ir.Insn) (int, bool) {
	c := &f.prog.Callees[in.Off]
	if c.Kfunc != "" || c.Helper != abi.MapLookupElem || c.Map == 0 {
		return 0, false
	}
	m := &f.prog.Maps[c.Map-1]
	switch m.Kind {
	case ir.MapArray, ir.MapPerCPUArray, ir.MapArrayOfMaps:
		ok := m.KeySize == 4 && m.Stride > 0 && m.Stride <= math.MaxInt32 && m.CPUStride <= math.MaxInt32
		return c.Map - 1, ok
	}
	return 0, false
}

// knownElement replaces a lookup of a key that always is the same.
func (f *function) knownElement(in *ir.Insn, at int) bool {
	if in.Flags&(ir.KnownKey|ir.InBounds) != ir.KnownKey|ir.InBounds {
		return false
	}
	m, key := &f.prog.Maps[at], f.prog.Value(in.Slot)
	if key >= uint64(m.MaxEntries) {
		return false
	}
	if m.Kind == ir.MapArray {
		*in = ir.Insn{Op: ir.Mov64K, Imm: int64(m.Base + key*m.Stride), Slot: in.Slot}
	} else {
		*in = ir.Insn{Op: ir.ElemK, Imm: int64(key), Off: int32(at), Slot: in.Slot}
	}
	return true
}

// elementOf replaces the lookup at b.insns[k] if the register that is the key is
// known: r2 is set and the key stored in the same block.
func (f *function) elementOf(b *block, k, at int) bool {
	off, ok := frameOffset(b.insns[:k], 2)
	if !ok {
		return false
	}
	st, ok := f.storedAt(b.insns[:k], off)
	if !ok {
		return false
	}
	key := b.insns[st].Src
	elem := ir.Insn{Op: ir.Elem, Src: key, Off: int32(at), Slot: b.insns[k].Slot, Flags: b.insns[k].Flags & ir.InBounds}
	kept, free := true, true // the key stays in its register, nobody needs r0
	for i := st + 1; i < k; i++ {
		in := &b.insns[i]
		if defs(in).has(key) {
			kept = false
		}
		if (defs(in) | f.uses(in)).has(0) {
			free = false
		}
	}
	switch {
	case kept:
		b.insns[k] = elem
	case free:
		// The element is found where the key is stored.
		copy(b.insns[st+2:k+1], b.insns[st+1:k])
		b.insns[st+1] = elem
	default:
		return false
	}
	return true
}

// frameOffset is the distance from the frame pointer of the address that
// register r holds behind insns.
func frameOffset(insns []ir.Insn, r uint8) (off int64, ok bool) {
	for i := len(insns) - 1; i >= 0; i-- {
		in := &insns[i]
		switch {
		case !defs(in).has(r):
		case in.Op == ir.Add64K:
			off += in.Imm
		case in.Op == ir.Sub64K:
			off -= in.Imm
		case in.Op == ir.Lea && in.Src == fp:
			return off + in.Imm, true
		case in.Op == ir.Mov64X && in.Src == fp:
			return off, true
		default:
			return 0, false
		}
	}
	return 0, false
}

// storedAt is the instruction that stores a register as the 4 bytes at off from
// the frame pointer, if behind it nothing can have changed them.
func (f *function) storedAt(insns []ir.Insn, off int64) (at int, ok bool) {
	for i := len(insns) - 1; i >= 0; i-- {
		in := &insns[i]
		if pure(in.Op) {
			continue
		}
		size := storeSize(in.Op)
		if size == 0 || in.Dst != fp {
			return 0, false
		}
		lo := int64(in.Off)
		if lo >= off+4 || lo+size <= off {
			continue
		}
		return i, lo == off && (in.Op == ir.St32X || in.Op == ir.St64X) && in.Src != fp
	}
	return 0, false
}

// storeSize is the number of bytes that a plain store writes, 0 for what is
// none.
func storeSize(op ir.Op) int64 {
	switch {
	case op >= ir.St8K && op <= ir.St64K:
		return 1 << (op - ir.St8K)
	case op >= ir.St8X && op <= ir.St64X:
		return 1 << (op - ir.St8X)
	}
	return 0
}

// frameStores takes stores to the frame out that nobody reads. It gives up where
// an address in the frame goes elsewhere than into loads, stores and the lookups
// of maps.
func (f *function) frameStores(*emit.Options) (changed bool) {
	var read frameBytes
	for i := range f.blocks {
		if b := &f.blocks[i]; !b.dead && !f.frameReads(b, &read) {
			return false
		}
	}
	for i := range f.blocks {
		b := &f.blocks[i]
		if b.dead {
			continue
		}
		n := len(b.insns)
		b.insns = slices.DeleteFunc(b.insns, func(in ir.Insn) bool {
			size := storeSize(in.Op)
			return size > 0 && in.Dst == fp && !read.any(int64(in.Off), size)
		})
		changed = changed || len(b.insns) < n
	}
	if changed {
		f.live()
		f.sweep()
	}
	return changed
}

// needsFrame reports whether anything in f refers to its frame.
func (f *function) needsFrame() bool {
	if f.info.MayGoto != 0 {
		return true
	}
	for i := range f.blocks {
		b := &f.blocks[i]
		if b.dead {
			continue
		}
		for k := range b.insns {
			if in := &b.insns[k]; in.Dst == fp || in.Src == fp || in.Index == fp {
				return true
			}
		}
	}
	return false
}

// frameBytes are bytes of a frame, from the frame pointer down.
type frameBytes [512 / 64]uint64

// each calls do with the bytes of size at off; false where they are not in the
// frame.
func (s *frameBytes) each(off, size int64, do func(word *uint64, bit uint64)) bool {
	if off < -512 || off+size > 0 {
		return false
	}
	for n := -off - size; n < -off; n++ {
		do(&s[n>>6], 1<<(n&63))
	}
	return true
}

func (s *frameBytes) add(off, size int64) bool {
	return s.each(off, size, func(word *uint64, bit uint64) { *word |= bit })
}

// any reports whether some of the bytes are in s, or out of the frame.
func (s *frameBytes) any(off, size int64) bool {
	found := false
	in := s.each(off, size, func(word *uint64, bit uint64) { found = found || *word&bit != 0 })
	return found || !in
}

// frameReads adds what b reads of the frame; false where that cannot be told.
func (f *function) frameReads(b *block, read *frameBytes) bool {
	// held are the registers with an address in the frame, at the offsets of at.
	held, at := regs(0), [fp]int64{}
	for i := range b.insns {
		in := &b.insns[i]
		used := f.uses(in)
		switch {
		case in.Op == ir.Mov64X && in.Src == fp && in.Dst < fp:
			held, at[in.Dst] = held.with(in.Dst), 0
			continue
		case in.Op == ir.Lea && in.Src == fp && in.Dst < fp:
			held, at[in.Dst] = held.with(in.Dst), in.Imm
			continue
		case in.Op == ir.Add64K && held.has(in.Dst):
			at[in.Dst] += in.Imm
			continue
		case loadSize(in.Op) > 0:
			off := int64(in.Off)
			if held.has(in.Src) {
				off += at[in.Src]
			}
			if held.with(fp).has(in.Src) && !read.add(off, loadSize(in.Op)) {
				return false
			}
			used = 0
		case storeSize(in.Op) > 0:
			if used.has(in.Src) && in.Op >= ir.St8X && held.with(fp).has(in.Src) {
				return false
			}
			used = 0
		case in.Op == ir.MayGoto:
			read.add(in.Imm, 8) // where it is deeper, stores stay anyway
			used = 0
		case in.Dst == fp || in.Src == fp || in.Index == fp:
			return false
		case in.Op == ir.Call && used.hasAny(held):
			if !f.callReads(in, used&held, &at, read) {
				return false
			}
			used &^= held
		}
		if used.hasAny(held.with(fp)) {
			return false
		}
		held &^= defs(in)
	}
	return !b.liveOut.hasAny(held)
}

// loadSize is the number of bytes that a plain load reads, 0 for what is none.
func loadSize(op ir.Op) int64 {
	switch {
	case op >= ir.LdU8 && op <= ir.LdU64:
		return 1 << (op - ir.LdU8)
	case op >= ir.LdS8 && op <= ir.LdS32:
		return 1 << (op - ir.LdS8)
	case op >= ir.LdBe16 && op <= ir.LdBe64:
		return 2 << (op - ir.LdBe16)
	}
	return 0
}

// callReads adds what a lookup, update or deletion in a known map reads of the
// frame: keys and values at the addresses in held.
func (f *function) callReads(in *ir.Insn, held regs, at *[fp]int64, read *frameBytes) bool {
	c := &f.prog.Callees[in.Off]
	if c.Kfunc != "" || c.Map == 0 {
		return false
	}
	allowed := set(2)
	switch c.Helper {
	case abi.MapLookupElem, abi.MapDeleteElem:
	case abi.MapUpdateElem:
		allowed |= set(3)
	default:
		return false
	}
	m := &f.prog.Maps[c.Map-1]
	if held&^allowed != 0 || held.has(2) && !read.add(at[2], int64(m.KeySize)) {
		return false
	}
	return !held.has(3) || read.add(at[3], int64(m.ValueSize))
}
