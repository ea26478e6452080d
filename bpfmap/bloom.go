package bpfmap

import (
	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/internal/mem"
)

// bloom is BPF_MAP_TYPE_BLOOM_FILTER: a set that may say yes for a value that
// was never pushed, but never no for one that was.
//
//	base ─► words of 32 bits
type bloom struct {
	base
	bits   mem.Addr
	mask   uint32
	hashes uint32
	s      uint64
}

// defaultHashes is what map_extra 0 means.
const defaultHashes = 5

func newBloom(def *image.Map, o Options) (*bloom, error) {
	f := &bloom{hashes: uint32(def.Extra & 0xf)}
	if f.hashes == 0 {
		f.hashes = defaultHashes
	}
	if err := f.setup(def, o); err != nil {
		return nil, err
	}
	f.s = hashSeed(f.seed(), def.ValueSize)
	// The fewest false answers come with hashes/ln 2, or 7/5, bits a value.
	bits := max(powerOf2(uint64(def.MaxEntries)*uint64(f.hashes)*7/5), 64)
	bits = min(bits, 1<<32)
	var err error
	if f.bits, err = f.alloc(bits / 8); err != nil {
		f.table.drop(f.hdr)
		return nil, err
	}
	f.mask = uint32(bits - 1)
	*(f.hdr + HdrMask).U32() = f.mask
	*(f.hdr + HdrBase).U64() = uint64(f.bits)
	*(f.hdr + HdrSeed).U64() = f.s
	return f, nil
}

func (f *bloom) bit(value []byte, i uint32) (mem.Addr, uint32) {
	b := hashKey(f.s+uint64(i)*HashK, value) & f.mask
	return f.bits + mem.Addr(b/32)*4, 1 << (b % 32)
}

// Push adds a value.
func (f *bloom) Push(value []byte, flags abi.UpdateFlags) abi.Errno {
	if flags != abi.UpdateAny {
		return abi.EINVAL
	}
	for i := range f.hashes {
		a, b := f.bit(value, i)
		if a.LoadU32()&b == 0 {
			a.OrU32(b)
		}
	}
	return 0
}

// Peek says 0 if the value may be in the set and ENOENT if it is not.
func (f *bloom) Peek(value []byte) abi.Errno {
	for i := range f.hashes {
		if a, b := f.bit(value, i); a.LoadU32()&b == 0 {
			return abi.ENOENT
		}
	}
	return 0
}

// Pop refuses: a filter cannot forget.
func (f *bloom) Pop([]byte) abi.Errno { return abi.EOPNOTSUPP }

func (f *bloom) ValueLen() int { return int(f.def.ValueSize) }

// SysLookup is Peek: the value is an argument.
func (f *bloom) SysLookup(_, value []byte, _ abi.UpdateFlags) abi.Errno { return f.Peek(value) }

// SysUpdate is Push.
func (f *bloom) SysUpdate(_, value []byte, flags abi.UpdateFlags) abi.Errno {
	return f.Push(value, flags)
}

func (f *bloom) SysDelete([]byte) abi.Errno { return abi.EOPNOTSUPP }

func (f *bloom) NextKey(_, _ []byte) abi.Errno { return abi.EOPNOTSUPP }
