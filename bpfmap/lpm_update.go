package bpfmap

import (
	"encoding/binary"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/internal/mem"
)

// Update adds a prefix or replaces its value.
func (t *lpm) Update(_ int, key, value []byte, flags abi.UpdateFlags) abi.Errno {
	p := splitKey(key)
	if flags > abi.UpdateExist || p.len > t.maxLen {
		return abi.EINVAL
	}
	spinLock(t.hdr + HdrLock)
	defer spinUnlock(t.hdr + HdrLock)

	// Go down to where the prefix is or parts from what is there.
	link := t.root
	n := mem.Addr(link.LoadU64())
	shared := uint32(0)
	for n != 0 {
		length := *(n + NodeLen).U32()
		if shared = t.common(n, p); shared < length || length == p.len {
			break
		}
		link = t.child(n, p)
		n = mem.Addr(link.LoadU64())
	}
	same := n != 0 && shared == p.len && *(n + NodeLen).U32() == p.len
	exists := same && *(n + NodeInner).U32() == 0
	if e := checkUpdate(exists, flags); e != 0 {
		return e
	}
	if !exists && *t.count() == t.max {
		return abi.ENOSPC
	}
	fresh := t.newNode(p, value)
	if fresh == 0 {
		return abi.ENOMEM
	}
	switch {
	case n == 0:
		link.ReleaseU64(uint64(fresh))
	case same:
		*fresh.U64(), *(fresh + 8).U64() = *n.U64(), *(n + 8).U64()
		link.ReleaseU64(uint64(fresh))
	case shared == p.len:
		*(fresh + NodeChild + t.nodeBit(n, shared)*8).U64() = uint64(n)
		link.ReleaseU64(uint64(fresh))
	default:
		fork := t.newNode(prefix{shared, p.data}, nil)
		if fork == 0 {
			t.putFree(fresh)
			return abi.ENOMEM
		}
		*(fork + NodeChild + t.nodeBit(n, shared)*8).U64() = uint64(n)
		*(fork + NodeChild + p.bit(shared)*8).U64() = uint64(fresh)
		link.ReleaseU64(uint64(fork))
	}
	if !exists {
		*t.count()++
	}
	before := mem.Addr(0)
	if exists {
		before = n + t.voff
	}
	t.retable(p, before)
	if same {
		t.retire(n)
	}
	return 0
}

// nodeBit is a bit of a node's prefix.
func (t *lpm) nodeBit(n mem.Addr, i uint32) mem.Addr {
	return mem.Addr(*(n + NodeWords + mem.Addr(i/64)*8).U64() >> (63 - i%64) & 1)
}

// Delete removes exactly this prefix.
func (t *lpm) Delete(_ int, key []byte) abi.Errno {
	p := splitKey(key)
	if p.len > t.maxLen {
		return abi.EINVAL
	}
	spinLock(t.hdr + HdrLock)
	defer spinUnlock(t.hdr + HdrLock)
	// The last two links that were followed are all that can change.
	link, above := t.root, mem.Addr(0)
	n := mem.Addr(link.LoadU64())
	for n != 0 {
		length := *(n + NodeLen).U32()
		if t.common(n, p) < length {
			return abi.ENOENT
		}
		if length == p.len {
			break
		}
		above, link = link, t.child(n, p)
		n = mem.Addr(link.LoadU64())
	}
	if n == 0 || *(n + NodeInner).U32() != 0 {
		return abi.ENOENT
	}
	*t.count()--
	fork := t.cut(n, link, above)
	inner := *(n + NodeInner).U32() != 0
	t.retable(p, n+t.voff)
	// Nothing leads to these any more.
	if fork != 0 {
		t.retire(fork)
	}
	if !inner {
		t.retire(n)
	}
	return 0
}

// cut takes the value of n away, and n itself if nothing parts there; else n
// becomes an inner node. link leads to n, and above, if not 0, to the node with
// that link, which is the result if it was taken out too.
func (t *lpm) cut(n, link, above mem.Addr) (fork mem.Addr) {
	left, right := *n.U64(), *(n + 8).U64()
	switch {
	case left != 0 && right != 0:
		(n + NodeInner).StoreU32(1)
	case left != 0 || right != 0 || above == 0:
		link.ReleaseU64(left | right)
	default:
		parent := mem.Addr(above.LoadU64())
		if *(parent + NodeInner).U32() == 0 {
			link.ReleaseU64(0)
			break
		}
		// A fork with one branch left is none: the branch takes its place.
		other := *parent.U64()
		if mem.Addr(other) == n {
			other = *(parent + 8).U64()
		}
		above.ReleaseU64(other)
		return parent
	}
	return 0
}

// newNode is a node for a prefix, without children; an inner one if value is
// nil. 0 if there is no memory.
func (t *lpm) newNode(p prefix, value []byte) mem.Addr {
	n := t.takeFree()
	if n == 0 {
		return 0
	}
	*n.U64(), *(n + 8).U64() = 0, 0
	*(n + NodeLen).U32() = p.len
	*(n + NodeInner).U32() = 1
	for i := range t.words {
		*(n + NodeWords + mem.Addr(i)*8).U64() = p.word(i)
	}
	if value != nil {
		*(n + NodeInner).U32() = 0
		mem.Copy((n + t.voff).Bytes(len(value)), value)
	}
	return n
}

const (
	firstLPMBlock = 64 << 10
	maxLPMBlock   = 16 << 20
)

func (t *lpm) linkOf(n mem.Addr) *uint64  { return (n + t.size - 16).U64() }
func (t *lpm) stampOf(n mem.Addr) *uint64 { return (n + t.size - 8).U64() }

func (t *lpm) count() *uint32 { return (t.hdr + HdrTrieCount).U32() }

// takeFree is a node that no run can stand on: one taken out long enough ago,
// or a fresh one. 0 if there is no memory.
func (t *lpm) takeFree() mem.Addr {
	oldest, newest, free := (t.hdr + hdrTrieOldest).U64(), (t.hdr + hdrTrieNewest).U64(), (t.hdr + hdrTrieFree).U64()
	for *oldest != 0 && t.table.epoch.Passed(*t.stampOf(mem.Addr(*oldest))) {
		n := mem.Addr(*oldest)
		if *oldest = *t.linkOf(n); *oldest == 0 {
			*newest = 0
		}
		t.putFree(n)
	}
	if n := mem.Addr(*free); n != 0 {
		*free = *t.linkOf(n)
		return n
	}
	next, end := (t.hdr + hdrTrieNext).U64(), (t.hdr + hdrTrieEnd).U64()
	if mem.Addr(*end-*next) < t.size {
		block := uint64(firstLPMBlock)
		for range t.blockCount() {
			block = min(block*2, maxLPMBlock)
		}
		block = max(block, roundUp(uint64(t.size), mem.PageSize))
		p, err := t.alloc(block)
		if err != nil {
			return 0
		}
		*next, *end = uint64(p), uint64(p)+block
	}
	n := mem.Addr(*next)
	*next += uint64(t.size)
	return n
}

func (t *lpm) putFree(n mem.Addr) {
	free := (t.hdr + hdrTrieFree).U64()
	*t.linkOf(n), *free = *free, uint64(n)
}

// retire puts a node that is in the trie no more at the end of those that
// wait for the runs under way.
func (t *lpm) retire(n mem.Addr) {
	oldest, newest := (t.hdr + hdrTrieOldest).U64(), (t.hdr + hdrTrieNewest).U64()
	*t.linkOf(n) = 0
	*t.stampOf(n) = t.table.epoch.Advance()
	if *newest != 0 {
		*t.linkOf(mem.Addr(*newest)) = uint64(n)
	} else {
		*oldest = uint64(n)
	}
	*newest = uint64(n)
}

// NextKey goes from longer prefixes to the shorter ones that hold them, and
// among those apart from lower to higher.
func (t *lpm) NextKey(prev, next []byte) abi.Errno {
	spinLock(t.hdr + HdrLock)
	defer spinUnlock(t.hdr + HdrLock)
	root := mem.Addr(t.root.LoadU64())
	if root == 0 {
		return abi.ENOENT
	}
	var path lpmPath
	var n mem.Addr
	if prev != nil {
		n = t.exact(splitKey(prev), &path)
	}
	if n == 0 {
		t.copyKey(t.first(root), next)
		return 0
	}
	for i := 1; i < path.n; i++ {
		parent := path.node(i)
		right := mem.Addr(*(parent + 8).U64())
		if mem.Addr(*parent.U64()) == n && right != 0 {
			t.copyKey(t.first(right), next)
			return 0
		}
		if *(parent + NodeInner).U32() == 0 {
			t.copyKey(parent, next)
			return 0
		}
		n = parent
	}
	return abi.ENOENT
}

// first is the node of a subtree that comes first in order: a leaf.
func (t *lpm) first(n mem.Addr) mem.Addr {
	for {
		switch left, right := *n.U64(), *(n + 8).U64(); {
		case left != 0:
			n = mem.Addr(left)
		case right != 0:
			n = mem.Addr(right)
		default:
			return n
		}
	}
}

// copyKey writes the key of a node as it was given.
func (t *lpm) copyKey(n mem.Addr, key []byte) {
	binary.NativeEndian.PutUint32(key, *(n + NodeLen).U32())
	var w [8]byte
	for i := range t.words {
		binary.BigEndian.PutUint64(w[:], *(n + NodeWords + mem.Addr(i)*8).U64())
		copy(key[4+i*8:], w[:])
	}
}
