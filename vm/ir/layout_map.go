package ir

// MapKind says how a map's operations may be made without a call of Go.
type MapKind uint8

// The kinds.
const (
	MapOpaque      MapKind = iota // by calling the helper only
	MapArray                      // Base + index*Stride
	MapPerCPUArray                // Base + cpu*CPUStride + index*Stride
	MapArrayOfMaps                // the 8-byte word at Base + index*Stride, if not zero
	MapPrograms                   // no lookup; words at Base as MapArrayOfMaps, see vm.Program.Entry
	MapHash                       // chains of elements: Hash
	MapTrie                       // nodes and a table that leads to them: Trie
	MapRing                       // a ring buffer whose data is mapped twice: Base, Mask, offsets from Base
)

// MapLayout is what an engine must know to act on a map's memory.
type MapLayout struct {
	Kind       MapKind
	Header     uint64 // address that programs hold as the map's pointer
	Base       uint64 // address of the first value
	Stride     uint64 // bytes between values
	CPUStride  uint64 // bytes between virtual CPUs
	KeySize    uint32
	ValueSize  uint32 // bytes that a program may access
	MaxEntries uint32
	Mask       uint32      // of MapRing, of a position to its offset in the data
	Hash       *HashLayout // of MapHash
	Trie       *TrieLayout // of MapTrie
}

// Offsets in the block that a map's Header points to.
const (
	HeaderMaxEntries = 20 // 4 bytes
	HeaderMask       = 28 // 4 bytes, of a ring buffer
	HeaderBase       = 32 // 8 bytes, address of the first element
	HeaderLock       = 72 // 4 bytes, 1 while a producer holds it
	HeaderPending    = 80 // 8 bytes, of a ring buffer: position of the oldest record that may be busy
)

// HashLayout is the memory of the kinds of hash maps, all of which is where it
// is as long as the map lives. Package bpfmap says what readers must heed.
type HashLayout struct {
	Heads    uint64 // address of the first bucket's head, 8 bytes each; elements are at MapLayout.Base
	Mask     uint32 // of a hash to its bucket
	LockMask uint32 // of a hash to its lock word
	Locks    uint64 // address of the first lock word, ElemLockStride apart
	Seed     uint64
	ValueOff uint32 // of a value in its element
	Mark     bool   // lookups mark the element as used
	Value    HashValue
}

// HashValue says what an element has at ValueOff.
type HashValue uint8

// The values.
const (
	HashInPlace HashValue = iota // the value
	HashPerCPU                   // the address of CPU 0's value
	HashOfMaps                   // the address of the inner map's header
)

// Offsets in a hash's element.
const (
	ElemNext       = 0  // 8 bytes: the next element, or an odd mark, bucket<<1 | 1
	ElemHash       = 8  // 4 bytes
	ElemRef        = 12 // 4 bytes, 1 once used
	ElemKey        = 16
	ElemLockStride = 64
)

// A bucket's head, if not 0, is the distance of the first element from Base
// above HeadShift bits, and below a filter: bit hash>>HeadTagShift is 0 if the
// chain has no such key.
const (
	HeadShift    = 16
	HeadTagShift = 28
)

// HashK is the constant of the hash function, which package bpfmap describes.
const HashK = 0x9e3779b97f4a7c15

// TrieLayout is the memory of an LPM trie.
type TrieLayout struct {
	Root     uint64 // address of the link to the root node
	Table    uint64 // address of the link to the table
	ValueOff uint32 // of a value in its node
}

// Offsets in a trie's node and table. Package bpfmap says what they hold.
const (
	NodeChild        = 0
	NodeLen          = 16
	NodeInner        = 20
	NodeWords        = 24
	TrieTablePrefix  = 0
	TrieTableMask    = 8
	TrieTableSkip    = 16
	TrieTableShift   = 20
	TrieTableLen     = 24
	TrieTableEntries = 32
	TrieEntryNode    = 0
	TrieEntryValue   = 8
	TrieEntrySize    = 16
)

// Ring buffers: offsets from the data, and the parts of a record's first word.
const (
	RingConsumer = -2 * 4096 // 8 bytes, position
	RingProducer = -4096     // 8 bytes, position
	RingBusy     = 1 << 31
	RingDiscard  = 1 << 30
	RingNoWakeup = 1 // flag of submit, discard and output
	RingPages    = 3 // pages before the data, as records count them
)
