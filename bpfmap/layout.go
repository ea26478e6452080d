package bpfmap

import "github.com/skepbpf/skep/internal/mem"

// HeaderSize is the size of a map's header block, two cache lines. The first
// line is what lookups read and does not change after New; the second is for
// writers.
//
//	 0  magic   u32   headerMagic
//	 4  id      u32
//	 8  type    u32   abi.MapType
//	12  key     u32   key size
//	16  value   u32   value size
//	20  max     u32   max_entries in force
//	24  flags   u32   abi.MapFlags
//	28  mask    u32   bucket mask (hashes), index mask (arrays), data mask (ring buffers)
//	32  base    u64   first element; of a trie, the address of the root's link
//	40  buckets u64   first bucket head; of ring buffers, the consumer page; of
//	                  tries, the table, 0 without one
//	48  stride  u32   bytes from one element to the next
//	52  voff    u32   offset of the value in an element
//	56  cpu     u64   bytes from one CPU's value to the next CPU's
//	64  seed    u64   of the hash function, with the key size mixed in
//	72  lock    u32
//	76  …             of the kind: where a queue or ring stands, a trie's root
const HeaderSize = 128

// Offsets of the header's fields.
const (
	HdrMagic      = 0
	HdrID         = 4
	HdrType       = 8
	HdrKeySize    = 12
	HdrValueSize  = 16
	HdrMaxEntries = 20
	HdrFlags      = 24
	HdrMask       = 28
	HdrBase       = 32
	HdrBuckets    = 40
	HdrStride     = 48
	HdrValueOff   = 52
	HdrCPUStride  = 56
	HdrSeed       = 64
	HdrLock       = 72

	HdrHashLocks   = 80 // u64, of hashes: the buckets' lock words
	HdrHashLockMax = 88 // u32, mask of a hash into the lock words
	HdrQueueHead   = 76 // u32, slot that the next push fills
	HdrQueueTail   = 80 // u32, slot of the oldest value
	HdrRingPending = 80 // u64, position of the oldest record that may be busy
	HdrTrieCount   = 76 // u32, prefixes
	HdrTrieRoot    = 80 // u64, address of the root node
	hdrTrieFree    = 88 // u64, nodes ready for use, by their link
	hdrTrieOldest  = 96 // u64, nodes taken out, by their link
	hdrTrieNewest  = 104
	hdrTrieNext    = 112 // u64, unused part of the last block
	hdrTrieEnd     = 120
)

// The parts of a hash's element; the value is at HdrValueOff. See hash.
const (
	ElemNext = 0  // u64, address of the next element, or an odd mark of the end
	ElemHash = 8  // u32
	ElemRef  = 12 // u32, lookups by programs make it 1 (LRU kinds)
	ElemKey  = 16

	// LockStride is the distance of a hash's lock words.
	LockStride = 64
)

// The parts of a trie's node; the value is at HdrValueOff. See lpm.
const (
	NodeChild = 0  // two u64, addresses of the nodes below, 0 without one
	NodeLen   = 16 // u32, length of the prefix in bits
	NodeInner = 20 // u32, 1 for a node without a value
	NodeWords = 24 // u64s, the prefix as big-endian numbers
)

// The parts of a trie's table. See lpmTable.
const (
	TrieTablePrefix  = 0  // u64, of all prefixes
	TrieTableMask    = 8  // u64, of the bits that count of it
	TrieTableSkip    = 16 // u32, their number
	TrieTableShift   = 20 // u32, 64 less the number of bits that follow
	TrieTableLen     = 24 // u32, the sum of both
	TrieTableEntries = 32
	TrieEntryNode    = 0 // u64, address of the node to go on at, 0 without one
	TrieEntryValue   = 8 // u64, address of the value found so far, 0 without one
	TrieEntrySize    = 16
)

const headerMagic = 0x70656b73 // "skep"

func roundUp(n, to uint64) uint64 { return (n + to - 1) &^ (to - 1) }

// powerOf2 is the smallest power of two that is not below n.
func powerOf2(n uint64) uint64 {
	p := uint64(1)
	for p < n {
		p <<= 1
	}
	return p
}

// spinLock takes the lock word at a.
func spinLock(a mem.Addr) {
	if !a.CasU32(0, 1) {
		spinSlow(a)
	}
}

// spinUnlock gives the lock word at a back.
func spinUnlock(a mem.Addr) { a.ReleaseU32(0) }
