package bpfmap

import (
	"math/bits"
	"slices"

	"github.com/skepbpf/skep/internal/mem"
)

// lpmTable is the busy part of a trie as a table, so that a lookup need not go
// down bit by bit. It is made when there are enough prefixes.
//
// The table is for keys that begin with skip bits, those of its prefix; for
// others the way is that from the root. The bits that follow, up to bit end,
// are the index of an entry. An entry stands for the walk through the nodes that
// are shorter than end: the value of the last one that has one, and the node
// that comes next, if it begins with the entry's bits. So a node that is not
// shorter than end is in one entry at most, and a value in those that begin with
// its prefix; to bring the table up to date after a change of a prefix is to
// look at the entries that begin with it.
//
// The words of an entry are changed one by one. A reader that sees one of them
// from before a change finds what a walk would have found before or after.
type lpmTable mem.Addr

const (
	minLPMTable     = 16 // prefixes
	maxLPMTableBits = 16
)

func (t lpmTable) at(off mem.Addr) mem.Addr { return mem.Addr(t) + off }
func (t lpmTable) skip() uint32             { return *t.at(TrieTableSkip).U32() }
func (t lpmTable) end() uint32              { return *t.at(TrieTableLen).U32() }
func (t lpmTable) width() uint32            { return t.end() - t.skip() }

// index is the number of the entry of a prefix that begins with w.
func (t lpmTable) index(w uint64) uint64 {
	return w << t.skip() >> *t.at(TrieTableShift).U32()
}

func (t lpmTable) entry(i uint64) mem.Addr {
	return t.at(TrieTableEntries + mem.Addr(i)*TrieEntrySize)
}

// set writes an entry.
func (t lpmTable) set(i uint64, node, value mem.Addr) {
	e := t.entry(i)
	if *(e + TrieEntryValue).U64() != uint64(value) {
		(e + TrieEntryValue).ReleaseU64(uint64(value))
	}
	if *(e + TrieEntryNode).U64() != uint64(node) {
		(e + TrieEntryNode).ReleaseU64(uint64(node))
	}
}

// tableWord is where the address of the table is.
func (t *lpm) tableWord() mem.Addr { return t.hdr + HdrBuckets }

// start is where a lookup of a key that begins with w goes on, and the value
// that it has found by then.
func (t *lpm) start(w uint64, length uint32) (node, value mem.Addr) {
	tab := lpmTable(t.tableWord().LoadU64())
	if tab == 0 || length < tab.end() {
		return mem.Addr(t.root.LoadU64()), 0
	}
	if !tab.has(w) {
		return mem.Addr(t.root.LoadU64()), 0
	}
	e := tab.entry(tab.index(w))
	return mem.Addr((e + TrieEntryNode).LoadU64()), mem.Addr((e + TrieEntryValue).LoadU64())
}

// has reports whether w begins with the table's prefix.
func (t lpmTable) has(w uint64) bool {
	return (w^*t.at(TrieTablePrefix).U64())&*t.at(TrieTableMask).U64() == 0
}

// retable brings the table up to date after a change of prefix p, by a writer.
// before is where its value was, 0 if it had none.
func (t *lpm) retable(p prefix, before mem.Addr) {
	tab := lpmTable(*t.tableWord().U64())
	n := *t.count()
	t.changes++
	if tab == 0 && n < minLPMTable {
		return
	}
	if tab == 0 || t.changes > n/2+minLPMTable {
		t.changes = 0
		if base, width := t.busiest(n); base == 0 || tab == 0 || !tab.has(*(base + NodeWords).U64()) ||
			tab.skip() != *(base + NodeLen).U32() || tab.width() != width {
			t.newTable(base, width)
			return
		}
	}
	skip, end := tab.skip(), tab.end()
	shared := min(p.len, skip)
	if (p.word(0)^*tab.at(TrieTablePrefix).U64())&^(^uint64(0)>>shared) != 0 {
		return
	}
	depth := min(p.len, end) - shared
	first := tab.index(p.word(0)) >> (tab.width() - depth)
	if p.len >= end {
		t.refill(tab, depth, first)
		return
	}
	// Where it has a value it goes before that of shorter prefixes.
	after, shorter := t.values(p)
	if before == 0 {
		before = shorter
	}
	if after == 0 {
		after = shorter
	}
	lo := first << (tab.width() - depth)
	for i := range uint64(1) << (tab.width() - depth) {
		if v := tab.entry(lo+i) + TrieEntryValue; *v.U64() == uint64(before) {
			v.ReleaseU64(uint64(after))
		}
	}
}

// values are the value of p, and that of the longest shorter prefix that p
// begins with; 0 where there is none.
func (t *lpm) values(p prefix) (own, shorter mem.Addr) {
	for n := mem.Addr(t.root.LoadU64()); n != 0; n = mem.Addr(t.child(n, p).LoadU64()) {
		length := *(n + NodeLen).U32()
		if length > p.len || t.common(n, p) < length {
			break
		}
		value := n + t.voff
		if *(n + NodeInner).U32() != 0 {
			value = 0
		}
		if length == p.len {
			return value, shorter
		}
		if value != 0 {
			shorter = value
		}
	}
	return 0, shorter
}

// busiest is the first node that parts, at which a table for n prefixes should
// begin, and the bits it should have; no node if there should be none.
func (t *lpm) busiest(n uint32) (base mem.Addr, width uint32) {
	base = mem.Addr(t.root.LoadU64())
	for base != 0 {
		left, right := *base.U64(), *(base + 8).U64()
		if left != 0 && right != 0 {
			break
		}
		base = mem.Addr(left | right)
	}
	width = min(uint32(max(bits.Len32(n), 3)-2), maxLPMTableBits)
	if base != 0 && *(base + NodeLen).U32()+width > min(64, t.maxLen) {
		base = 0
	}
	return base, width
}

// newTable makes the table anew, or takes it away if base is 0 or there is no
// memory.
func (t *lpm) newTable(base mem.Addr, width uint32) {
	var block []byte
	if base != 0 {
		if b, err := mem.Alloc(TrieTableEntries + TrieEntrySize<<width); err == nil {
			block = b
		}
	}
	tab := lpmTable(0)
	if block != nil {
		skip := *(base + NodeLen).U32()
		tab = lpmTable(mem.AddrOf(block))
		*tab.at(TrieTablePrefix).U64() = *(base + NodeWords).U64()
		*tab.at(TrieTableMask).U64() = ^(^uint64(0) >> skip)
		*tab.at(TrieTableSkip).U32() = skip
		*tab.at(TrieTableShift).U32() = 64 - width
		*tab.at(TrieTableLen).U32() = skip + width
		t.refill(tab, 0, 0)
	}
	t.tableWord().ReleaseU64(uint64(tab))
	// Readers may stand in the one before, and in earlier ones.
	if t.index != nil {
		t.old = append(t.old, oldTable{t.table.epoch.Advance(), t.index})
	}
	t.index = block
	t.old = slices.DeleteFunc(t.old, func(o oldTable) bool {
		passed := t.table.epoch.Passed(o.stamp)
		if passed {
			_ = mem.Free(o.block)
		}
		return passed
	})
}

// oldTable is a table that readers may still be in.
type oldTable struct {
	stamp uint64
	block []byte
}

// freeTables gives all tables back.
func (t *lpm) freeTables() {
	_ = mem.Free(t.index)
	for _, o := range t.old {
		_ = mem.Free(o.block)
	}
	t.index, t.old = nil, nil
}

// refill fills the entries whose first depth bits are those of first.
func (t *lpm) refill(tab lpmTable, depth uint32, first uint64) {
	prefix, skip := *tab.at(TrieTablePrefix).U64(), tab.skip()
	n, value := mem.Addr(t.root.LoadU64()), mem.Addr(0)
	for n != 0 {
		length := *(n + NodeLen).U32()
		if (*(n + NodeWords).U64()^prefix)&^(^uint64(0)>>min(length, skip)) != 0 {
			n = 0
			break
		}
		if length >= skip {
			break
		}
		if *(n + NodeInner).U32() == 0 {
			value = n + t.voff
		}
		n = mem.Addr(*(n + mem.Addr(prefix>>(63-length)&1)*8).U64())
	}
	t.fill(tab, n, value, depth, first)
}

// fill writes the entries whose first depth bits are those of first, by the
// walk that has come to node n with a value.
func (t *lpm) fill(tab lpmTable, n, value mem.Addr, depth uint32, first uint64) {
	width := tab.width()
	lo := first << (width - depth)
	hi := lo + 1<<(width-depth)
	if n == 0 {
		for i := lo; i < hi; i++ {
			tab.set(i, 0, value)
		}
		return
	}
	length := *(n + NodeLen).U32()
	own := tab.index(*(n + NodeWords).U64())
	if length >= tab.end() {
		for i := lo; i < hi; i++ {
			if i == own {
				tab.set(i, n, value)
			} else {
				tab.set(i, 0, value)
			}
		}
		return
	}
	bitsOf := length - tab.skip() // of the index, that n decides
	shared := min(bitsOf, depth)
	if own>>(width-shared) != first>>(depth-shared) {
		t.fill(tab, 0, value, depth, first)
		return
	}
	if bitsOf > depth {
		// n has a part of the range.
		part := own >> (width - bitsOf)
		for i := lo; i < hi; i++ {
			if i>>(width-bitsOf) != part {
				tab.set(i, 0, value)
			}
		}
		depth, first = bitsOf, part
	}
	if *(n + NodeInner).U32() == 0 {
		value = n + t.voff
	}
	if bitsOf < depth {
		t.fill(tab, mem.Addr(*(n + mem.Addr(first>>(depth-bitsOf-1)&1)*8).U64()), value, depth, first)
		return
	}
	t.fill(tab, mem.Addr(*n.U64()), value, depth+1, first<<1)
	t.fill(tab, mem.Addr(*(n + 8).U64()), value, depth+1, first<<1|1)
}
