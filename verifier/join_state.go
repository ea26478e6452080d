package verifier

import (
	"slices"

	"github.com/skepbpf/skep/isa"
	"github.com/skepbpf/skep/verifier/domain"
)

// numKind says what a value may be beside a number.
type numKind uint8

const (
	numAny      numKind = iota // anything, an address in a stack included
	numPlain                   // no address in a stack
	numStack                   // an address in the running function's frame: off from its frame pointer
	numFunc                    // function arg
	numMapValue                // address of byte off in the only value of map arg
)

// num is what is known of a register or a piece of stack.
type num struct {
	domain.Scalar
	kind numKind
	top  bool // nothing is known of the value
	off  int32
	arg  int32
	// id is shared by values that are equal, 0 for none: what a branch teaches
	// of one holds for the others. It is the slot, plus one, of the copy that
	// made them equal.
	id uint32
}

var (
	anything  = num{Scalar: domain.Unknown(), top: true}
	plain     = num{Scalar: domain.Unknown(), top: true, kind: numPlain}
	anyWord   = word(4)
	anyLoaded = [5]num{1: word(1), 2: word(2), 4: anyWord} // by size in bytes
	someplace = pointer(numPlain)

	framePointer = pointer(numStack)
)

// word is any number of some bytes.
func word(size int) num {
	n := plain
	n.Trunc(size)
	n.top = false
	return n
}

// pointer is any address but NULL.
func pointer(k numKind) num {
	n := num{Scalar: domain.Unknown(), kind: k}
	n.UMin = 1
	n.Sync()
	return n
}

// set gives n another value, which is no address in a stack.
func (n *num) set(s domain.Scalar) {
	*n = num{Scalar: s, kind: numPlain}
	n.top = n.IsUnknown()
}

// constant is a number of one value.
func constant(v uint64) num { return num{Scalar: domain.Const(v), kind: numPlain} }

// same reports whether a and b say the same, ids aside.
func (n *num) same(b *num) bool {
	return n.kind == b.kind && n.off == b.off && n.arg == b.arg && (n.top && b.top || n.Scalar == b.Scalar)
}

// join makes n cover b, widening where st is not nil; it reports a change.
func (n *num) join(b *num, st *domain.Steps) (changed bool) {
	if n.id != b.id && n.id != 0 {
		n.id, changed = 0, true
	}
	if n.kind != b.kind || n.off != b.off || n.arg != b.arg {
		k := numPlain
		if n.kind == numAny || n.kind == numStack || b.kind == numAny || b.kind == numStack {
			k = numAny
		}
		changed = changed || n.kind != k || n.off != 0 || n.arg != 0
		n.kind, n.off, n.arg = k, 0, 0
	}
	if n.top {
		return changed
	}
	grown := false
	if st != nil {
		grown = n.Widen(&b.Scalar, st)
	} else {
		grown = n.Join(&b.Scalar)
	}
	if grown {
		n.top = n.IsUnknown()
	}
	return changed || grown
}

// piece is a value in the stack.
type piece struct {
	off  int16 // from the frame pointer
	size uint8
	num
}

// numState is what is known before an instruction. What is not known of the
// stack is not listed.
type numState struct {
	regs  [isa.FP]num
	stack []piece // by offset; no two overlap
}

// reg is the value of a register, the frame pointer included.
func (s *numState) reg(r isa.Reg) num {
	if r == isa.FP {
		return framePointer
	}
	return s.regs[r]
}

// maxPieces bounds the values in a frame that are followed.
const maxPieces = 72

// forget drops what is known of bytes [lo, hi) of the frame.
func (s *numState) forget(lo, hi int) {
	s.stack = slices.DeleteFunc(s.stack, func(p piece) bool {
		return int(p.off) < hi && int(p.off)+int(p.size) > lo
	})
}

// store keeps n as the value of size bytes at off.
func (s *numState) store(off, size int, n *num) {
	s.forget(off, off+size)
	if off < -maxStack || off+size > 0 || n.top && n.kind == numAny || len(s.stack) >= maxPieces {
		return
	}
	i, _ := slices.BinarySearchFunc(s.stack, off, func(p piece, off int) int { return int(p.off) - off })
	s.stack = slices.Insert(s.stack, i, piece{off: int16(off), size: uint8(size), num: *n})
}

// pieceAt is the value stored at off, nil for none.
func (s *numState) pieceAt(off int) *piece {
	i, ok := slices.BinarySearchFunc(s.stack, off, func(p piece, off int) int { return int(p.off) - off })
	if !ok {
		return nil
	}
	return &s.stack[i]
}

// link gives register or piece n an id that others can share, made at slot.
//
// Nobody holds the id from an earlier time that the copy ran: some path comes
// to the slot for its first time, nobody holds the id there, and a join keeps
// what all paths have.
func link(n *num, slot int) {
	if n.id == 0 && !n.IsConst() {
		n.id = uint32(slot) + 1
	}
}

// learned gives the value that a branch taught of n to those equal to it.
func (s *numState) learned(n *num) {
	if n.id == 0 {
		return
	}
	for i := range s.regs {
		if s.regs[i].id == n.id {
			s.regs[i].Scalar, s.regs[i].top = n.Scalar, n.top
		}
	}
	for i := range s.stack {
		if s.stack[i].id == n.id {
			s.stack[i].Scalar, s.stack[i].top = n.Scalar, n.top
		}
	}
}

// entry is a register (key below 16) or a piece of stack that something is
// known of. States at the starts of blocks are lists of entries by key.
type entry struct {
	key   int16
	size  uint8
	grown uint8 // how often the value at the start of a block has grown
	num
}

// stackKey is the key of the piece at an offset.
const stackKey = 16 + maxStack

// pack appends s as a list.
func (s *numState) pack(to []entry) []entry {
	for r := range s.regs {
		if n := &s.regs[r]; !n.top || n.kind != numAny {
			to = append(to, entry{key: int16(r), num: *n})
		}
	}
	for i := range s.stack {
		p := &s.stack[i]
		to = append(to, entry{key: p.off + stackKey, size: p.size, num: p.num})
	}
	return to
}

// unpack makes s what a list says.
func (s *numState) unpack(from []entry) {
	for r := range s.regs {
		s.regs[r] = anything
	}
	s.stack = s.stack[:0]
	for i := range from {
		e := &from[i]
		if e.key < int16(isa.FP) {
			s.regs[e.key] = e.num
			continue
		}
		s.stack = append(s.stack, piece{off: e.key - stackKey, size: e.size, num: e.num})
	}
}

// patience says when a value that keeps growing is widened: at the heads of
// loops soon, elsewhere only if the heads do not settle it.
type patience struct {
	steps *domain.Steps // nil to join only
	more  uint8
}

// widening is how a value is joined that has grown some times.
func (p patience) widening(grown uint8) (st *domain.Steps, drop bool) {
	switch {
	case p.steps == nil || grown < widenAfter+p.more:
		return nil, false
	case grown < endAfter+p.more:
		return p.steps, false
	}
	return farSteps, grown >= dropAfter+p.more
}

// joinEntries makes list a cover b, in place.
func joinEntries(a, b []entry, p patience) (out []entry, changed, widened bool) {
	out = a[:0]
	k := 0
	for i := range a {
		for k < len(b) && b[k].key < a[i].key {
			k++
		}
		if k == len(b) || b[k].key != a[i].key || b[k].size != a[i].size {
			changed = true
			continue
		}
		e := a[i]
		st, drop := p.widening(e.grown)
		if e.join(&b[k].num, st) {
			changed = true
			widened = widened || st != nil
			e.grown = min(e.grown+1, 100)
			if drop && e.kind != numAny {
				e.num = plain
			}
			if drop && e.kind == numAny {
				continue
			}
		}
		if e.top && e.kind == numAny {
			continue
		}
		out = append(out, e)
	}
	return out, changed, widened
}
