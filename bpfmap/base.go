package bpfmap

import (
	"errors"
	"math"
	"math/rand/v2"
	"sync"
	"sync/atomic"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/internal/mem"
)

// base is what all kinds share: definition, header, references, memory.
type base struct {
	def   *image.Map
	table *Table
	id    uint32
	hdr   mem.Addr
	max   uint32
	cpus  int

	blockMu sync.Mutex
	blocks  [][]byte
	// lock is the offset of the value's struct bpf_spin_lock, -1 without one.
	lock int

	refs   atomic.Int64
	closed atomic.Bool
	frozen atomic.Bool
	// drain lets go of what the map holds for others, after the last
	// reference and before the memory goes. Nil for most kinds.
	drain func()
}

// setup takes a header and fills in what the definition says.
func (b *base) setup(def *image.Map, o Options) error {
	hdr, id, err := o.Table.header()
	if err != nil {
		return err
	}
	b.def, b.table, b.id, b.hdr = def, o.Table, id, hdr
	b.max, b.cpus = def.MaxEntries, o.Table.CPUs()
	b.lock = spinLockOffset(def.Value)
	b.refs.Store(1)
	*(hdr + HdrMagic).U32() = headerMagic
	*(hdr + HdrID).U32() = id
	*(hdr + HdrType).U32() = uint32(def.Type)
	*(hdr + HdrKeySize).U32() = def.KeySize
	*(hdr + HdrValueSize).U32() = def.ValueSize
	*(hdr + HdrMaxEntries).U32() = def.MaxEntries
	*(hdr + HdrFlags).U32() = uint32(def.Flags)
	return nil
}

// alloc maps zeroed memory that goes with the map.
func (b *base) alloc(n uint64) (mem.Addr, error) {
	if n > min(maxBlock, math.MaxInt) {
		return 0, errTooLarge
	}
	p, err := mem.Alloc(int(n))
	if err != nil {
		return 0, err
	}
	b.blockMu.Lock()
	b.blocks = append(b.blocks, p)
	b.blockMu.Unlock()
	return mem.AddrOf(p), nil
}

func (b *base) blockCount() int {
	b.blockMu.Lock()
	defer b.blockMu.Unlock()
	return len(b.blocks)
}

var errTooLarge = errors.New("too large for this machine")

// maxBlock bounds one mapping, which takes memory only where it is touched.
const maxBlock = 1 << 40

func (b *base) Def() *image.Map    { return b.def }
func (b *base) ID() uint32         { return b.id }
func (b *base) Header() mem.Addr   { return b.hdr }
func (b *base) MaxEntries() uint32 { return b.max }
func (b *base) Frozen() bool       { return b.frozen.Load() }

func (b *base) Freeze() abi.Errno {
	if b.frozen.Swap(true) {
		return abi.EBUSY
	}
	return 0
}

func (b *base) Retain() bool {
	for {
		n := b.refs.Load()
		if n <= 0 {
			return false
		}
		if b.refs.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

func (b *base) Release() {
	if b.refs.Add(-1) != 0 {
		return
	}
	b.table.hide(b.hdr, b.id)
	b.table.epoch.Defer(b.free)
}

func (b *base) Close() error {
	if !b.closed.Swap(true) {
		b.Release()
	}
	return nil
}

// free gives everything back. No run can see the map any more.
func (b *base) free() {
	if b.drain != nil {
		b.drain()
	}
	for _, p := range b.blocks {
		// Unmapping what Alloc mapped fails for no reason that a caller
		// could act on.
		_ = mem.Free(p)
	}
	b.blocks = nil
	b.table.drop(b.hdr)
}

// seed is the seed of a map's hash function.
func (b *base) seed() uint64 {
	if b.def.Flags&abi.ZeroSeed != 0 {
		return 0
	}
	if s := b.table.seed; s != 0 {
		return s*0x9e3779b97f4a7c15 + uint64(b.id)
	}
	return rand.Uint64()
}

func (b *base) lockOffset() int { return b.lock }

// store writes a value for bpf_map_update_elem: all of it but the spin lock,
// which is held while writing if the flags say so.
func (b *base) store(p mem.Addr, value []byte, flags abi.UpdateFlags) {
	if b.lock < 0 {
		mem.Copy(p.Bytes(len(value)), value)
		return
	}
	l := mem.Addr(b.lock)
	if flags&abi.UpdateLock != 0 {
		LockValue(p + l)
		defer UnlockValue(p + l)
	}
	v := p.Bytes(len(value))
	copy(v[:l], value)
	copy(v[l+4:], value[l+4:])
}

// load reads a value for bpf(2): all of it but the spin lock, which reads as 0.
func (b *base) load(value []byte, p mem.Addr, flags abi.UpdateFlags) {
	if b.lock < 0 {
		mem.Copy(value, p.Bytes(len(value)))
		return
	}
	l := mem.Addr(b.lock)
	if flags&abi.UpdateLock != 0 {
		LockValue(p + l)
		defer UnlockValue(p + l)
	}
	copy(value, p.Bytes(len(value)))
	clear(value[l : l+4])
}
