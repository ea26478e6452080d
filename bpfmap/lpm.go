package bpfmap

import (
	"encoding/binary"
	"math/bits"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/internal/mem"
)

// lpm is BPF_MAP_TYPE_LPM_TRIE: a binary trie with one node a prefix, and one
// where two prefixes part.
//
//	root ─► ┌ node ────────────────────────────┐
//	        │  0  child 0  u64                 │  prefixes that go on with bit 0
//	        │  8  child 1  u64                 │  … with bit 1
//	        │ 16  length   u32  in bits        │
//	        │ 20  inner    u32  1: no value    │
//	        │ 24  prefix   words of 8 bytes    │  big-endian bytes as numbers
//	        │ voff  value padded to 8          │
//	        │       link, stamp  u64           │  of nodes taken out
//	        └──────────────────────────────────┘
//
// A table, see lpmTable, leads to the nodes below the upper ones.
//
// Readers take no lock: they are inside the table's epoch. Writers, under the
// header's lock, change one link at a time and leave a node that they take out
// as it is until no run can stand on it.
type lpm struct {
	base
	root   mem.Addr // address of the root's link
	words  int      // of the prefix
	maxLen uint32   // bits
	voff   mem.Addr
	size   mem.Addr // of a node
	// Memory of the table, nil without one, and of earlier ones; changes since
	// it was last looked whether there should be another.
	index   []byte
	old     []oldTable
	changes uint32
}

func newLPM(def *image.Map, o Options) (*lpm, error) {
	t := &lpm{}
	if err := t.setup(def, o); err != nil {
		return nil, err
	}
	data := def.KeySize - 4
	t.words = int(roundUp(uint64(data), 8) / 8)
	t.maxLen = data * 8
	t.voff = NodeWords + mem.Addr(t.words*8)
	t.size = t.voff + mem.Addr(roundUp(uint64(def.ValueSize), 8)) + 16
	t.root = t.hdr + HdrTrieRoot
	t.drain = t.freeTables
	*(t.hdr + HdrBase).U64() = uint64(t.root)
	*(t.hdr + HdrStride).U32() = uint32(t.size)
	*(t.hdr + HdrValueOff).U32() = uint32(t.voff)
	return t, nil
}

// prefix is a key taken apart.
type prefix struct {
	len  uint32
	data []byte
}

func splitKey(key []byte) prefix { return prefix{binary.NativeEndian.Uint32(key), key[4:]} }

// word is the i-th 8 bytes of the data as a big-endian number, with zeros
// behind the last.
func (p prefix) word(i int) uint64 {
	d := p.data[i*8:]
	if len(d) >= 8 {
		return binary.BigEndian.Uint64(d)
	}
	if len(d) == 4 {
		return uint64(binary.BigEndian.Uint32(d)) << 32
	}
	var w uint64
	for j, b := range d {
		w |= uint64(b) << (56 - 8*j)
	}
	return w
}

// bit is the i-th bit of the data, the highest of the first byte being 0; 0
// behind the end.
func (p prefix) bit(i uint32) mem.Addr {
	if int(i/8) >= len(p.data) {
		return 0
	}
	return mem.Addr(p.data[i/8] >> (7 - i%8) & 1)
}

// common is how many bits a node and a key share, at most the length of
// either.
func (t *lpm) common(n mem.Addr, p prefix) uint32 {
	limit := min(*(n + NodeLen).U32(), p.len)
	for i := range t.words {
		if x := *(n + NodeWords + mem.Addr(i)*8).U64() ^ p.word(i); x != 0 {
			return min(limit, uint32(i)*64+uint32(bits.LeadingZeros64(x)))
		}
		if uint32(i+1)*64 >= limit {
			break
		}
	}
	return limit
}

// Lookup is the value of the longest prefix that key begins with.
func (t *lpm) Lookup(_ int, key []byte) mem.Addr {
	p := splitKey(key)
	if p.len > t.maxLen {
		return 0
	}
	if t.words == 1 {
		return t.lookupWord(p.word(0), p.len)
	}
	n, found := t.start(p.word(0), p.len)
	for n != 0 {
		nodeBits := *(n + NodeLen).U32()
		if t.common(n, p) < nodeBits {
			break
		}
		if (n + NodeInner).LoadU32() == 0 {
			found = n + t.voff
		}
		if nodeBits == t.maxLen {
			break
		}
		n = mem.Addr((n + NodeChild + p.bit(nodeBits)*8).LoadU64())
	}
	return found
}

// lookupWord is Lookup for keys of at most 8 bytes.
func (t *lpm) lookupWord(w uint64, length uint32) mem.Addr {
	n, found := t.start(w, length)
	for n != 0 {
		nodeBits := *(n + NodeLen).U32()
		// Shifting by 64 gives 0, so that an empty prefix matches all.
		if nodeBits > length || (*(n + NodeWords).U64()^w)>>(64-nodeBits) != 0 {
			break
		}
		if (n + NodeInner).LoadU32() == 0 {
			found = n + t.voff
		}
		if nodeBits == t.maxLen {
			break
		}
		n = mem.Addr((n + NodeChild + mem.Addr(w>>(63-nodeBits)&1)*8).LoadU64())
	}
	return found
}

// child is the address of the link to the child of n on a key's side.
func (t *lpm) child(n mem.Addr, p prefix) mem.Addr {
	return n + NodeChild + p.bit(*(n + NodeLen).U32())*8
}

// exact walks to the node of exactly this prefix, 0 if there is none with a
// value. path takes the links that were followed.
func (t *lpm) exact(p prefix, path *lpmPath) mem.Addr {
	if p.len > t.maxLen {
		return 0
	}
	path.n = 0
	link := t.root
	for {
		path.add(link)
		n := mem.Addr(link.LoadU64())
		if n == 0 {
			return 0
		}
		length := *(n + NodeLen).U32()
		if t.common(n, p) < length {
			return 0
		}
		if length == p.len {
			if *(n + NodeInner).U32() != 0 {
				return 0
			}
			return n
		}
		link = t.child(n, p)
	}
}

// lpmPath is the links from the root to a node.
type lpmPath struct {
	n     int
	links [maxLPMData*8 + 2]mem.Addr
}

func (p *lpmPath) add(link mem.Addr) { p.links[p.n] = link; p.n++ }

// node is the node that the i-th link from the end leads to.
func (p *lpmPath) node(i int) mem.Addr { return mem.Addr(p.links[p.n-1-i].LoadU64()) }

// ValueLen is the length of the value.
func (t *lpm) ValueLen() int { return int(t.def.ValueSize) }

// SysLookup is Lookup, under the lock as Go callers are in no epoch.
func (t *lpm) SysLookup(key, value []byte, _ abi.UpdateFlags) abi.Errno {
	spinLock(t.hdr + HdrLock)
	defer spinUnlock(t.hdr + HdrLock)
	p := t.Lookup(0, key)
	if p == 0 {
		return abi.ENOENT
	}
	mem.Copy(value, p.Bytes(len(value)))
	return 0
}

// SysUpdate is Update.
func (t *lpm) SysUpdate(key, value []byte, flags abi.UpdateFlags) abi.Errno {
	return t.Update(0, key, value, flags)
}

// SysDelete is Delete.
func (t *lpm) SysDelete(key []byte) abi.Errno { return t.Delete(0, key) }
