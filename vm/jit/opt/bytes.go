package opt

import "github.com/skepbpf/skep/vm/ir"

// piece says that a value is bytes of memory at root + off, n of them, shifted
// left by shift bytes.
type piece struct {
	root vn
	off  int32
	seq  int32 // of the memory that was read: see memory
	// n bytes, the lowest first if little; a single byte is both.
	n, shift    int8
	little, big bool
}

// placeOf is the operand imm of loads: where, and which state of memory.
func placeOf(off, seq int32) int64        { return int64(off)<<32 | int64(uint32(seq)) }
func placed(imm int64) (off, seq int32)   { return int32(imm >> 32), int32(imm) }
func isLoad(op ir.Op) bool                { return op >= ir.LdU8 && op <= ir.LdS32 || isBigLoad(op) }
func isBigLoad(op ir.Op) bool             { return op >= ir.LdBe16 && op <= ir.LdBe64 }
func (p *piece) fits(bytes int8) bool     { return p.n+p.shift <= bytes }
func (p *piece) follows(low *piece) bool  { return p.shift == low.shift+low.n }
func (p *piece) sameMemory(q *piece) bool { return p.root == q.root && p.seq == q.seq }

// pieceOf is the piece of memory that v is.
func (t *values) pieceOf(v vn) (p piece, ok bool) {
	x := &t.all[v]
	switch op := x.op; {
	case op >= ir.LdU8 && op <= ir.LdU64:
		p = piece{root: x.a, n: 1 << (op - ir.LdU8), little: true, big: op == ir.LdU8}
		p.off, p.seq = placed(x.imm)
		return p, true
	case isBigLoad(op):
		p = piece{root: x.a, n: 2 << (op - ir.LdBe16), big: true}
		p.off, p.seq = placed(x.imm)
		return p, true
	case (op == ir.Lsh64K || op == ir.Lsh32K) && x.imm&7 == 0:
		p, ok = t.pieceOf(x.a)
		p.shift += int8(x.imm / 8)
		return p, ok && (p.fits(4) || op == ir.Lsh64K && p.fits(8))
	case x.piece != 0:
		return t.pieces[x.piece], true
	}
	return piece{}, false
}

// bytes is the value of an or of two pieces that lie side by side.
func (t *values) bytes(base ir.Op, is32 bool, a, b vn) vn {
	p, ok := t.pieceOf(a)
	if !ok {
		return unknown
	}
	q, ok := t.pieceOf(b)
	if !ok || !p.sameMemory(&q) || is32 && (!p.fits(4) || !q.fits(4)) {
		return unknown
	}
	if p.shift > q.shift {
		p, q = q, p
	}
	if !q.follows(&p) {
		return unknown
	}
	r := piece{root: p.root, seq: p.seq, n: p.n + q.n, shift: p.shift}
	switch {
	case p.little && q.little && q.off == p.off+int32(p.n):
		r.off, r.little = p.off, true
	case p.big && q.big && p.off == q.off+int32(q.n):
		r.off, r.big = q.off, true
	default:
		return unknown
	}
	if r.shift == 0 && (r.n == 2 || r.n == 4 || r.n == 8) {
		op := ir.LdU16
		if r.big {
			op = ir.LdBe16
		}
		for n := r.n; n > 2; n /= 2 {
			op++
		}
		return t.node(op, r.root, min(a, b), placeOf(r.off, r.seq))
	}
	if commutes(base) && a > b {
		a, b = b, a
	}
	v := t.node(form(base, is32, false), a, b, 0)
	if x := &t.all[v]; x.piece == 0 {
		x.piece = int32(len(t.pieces))
		t.pieces = append(t.pieces, r)
	}
	return v
}

// reversed is the load that a reversal of what was loaded is, else unknown.
func (t *values) reversed(op ir.Op, a vn) vn {
	x := &t.all[a]
	switch op {
	case ir.Be16, ir.Be32, ir.Be64:
		if n := op - ir.Be16; x.op == ir.LdU16+n {
			return t.node(ir.LdBe16+n, x.a, a, x.imm)
		} else if x.op == ir.LdBe16+n {
			return t.node(ir.LdU16+n, x.a, a, x.imm)
		}
	}
	return unknown
}
