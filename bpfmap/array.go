package bpfmap

import (
	"encoding/binary"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/internal/mem"
)

// array is BPF_MAP_TYPE_ARRAY: values of a fixed stride in one block.
//
//	base ─► value 0 │ value 1 │ … │ value max-1 │ up to mask, never used
type array struct {
	base
	values mem.Addr
	stride uint32 // value size rounded up to 8
	block  []byte
}

func newArray(def *image.Map, o Options) (*array, error) {
	a := &array{}
	if err := a.init(def, o); err != nil {
		return nil, err
	}
	return a, nil
}

func (a *array) init(def *image.Map, o Options) error {
	a.stride = uint32(roundUp(uint64(def.ValueSize), 8))
	if err := a.setup(def, o); err != nil {
		return err
	}
	// A masked index stays in the block even when a processor speculates past
	// the bounds check.
	slots := powerOf2(uint64(def.MaxEntries))
	n := roundUp(slots*uint64(a.stride), mem.PageSize)
	var err error
	if a.values, err = a.alloc(n); err != nil {
		a.table.drop(a.hdr)
		return err
	}
	a.block = a.values.Bytes(int(n))
	*(a.hdr + HdrMask).U32() = uint32(slots - 1)
	*(a.hdr + HdrBase).U64() = uint64(a.values)
	*(a.hdr + HdrStride).U32() = a.stride
	return nil
}

// at is the address of a value.
func (a *array) at(i uint32) mem.Addr { return a.values + mem.Addr(i)*mem.Addr(a.stride) }

// Memory is the values, each padded to 8 bytes, up to the end of the last page.
func (a *array) Memory() []byte {
	return a.block[:roundUp(uint64(a.max)*uint64(a.stride), mem.PageSize)]
}

func (a *array) Lookup(_ int, key []byte) mem.Addr {
	i := binary.NativeEndian.Uint32(key)
	if i >= a.max {
		return 0
	}
	return a.at(i)
}

func (a *array) Update(_ int, key, value []byte, flags abi.UpdateFlags) abi.Errno {
	i := binary.NativeEndian.Uint32(key)
	if e := arrayUpdateCheck(i, a.max, flags); e != 0 {
		return e
	}
	if flags&abi.UpdateLock != 0 && a.lock < 0 {
		return abi.EINVAL
	}
	a.store(a.at(i), value, flags)
	return 0
}

// arrayUpdateCheck is what all arrays check: every index below max exists.
func arrayUpdateCheck(i, max uint32, flags abi.UpdateFlags) abi.Errno {
	switch {
	case flags&^abi.UpdateLock > abi.UpdateExist:
		return abi.EINVAL
	case i >= max:
		return abi.E2BIG
	case flags&abi.UpdateNoExist != 0:
		return abi.EEXIST
	}
	return 0
}

func (a *array) Delete(int, []byte) abi.Errno { return abi.EINVAL }

func (a *array) ValueLen() int { return int(a.def.ValueSize) }

func (a *array) SysLookup(key, value []byte, flags abi.UpdateFlags) abi.Errno {
	p := a.Lookup(0, key)
	if p == 0 {
		return abi.ENOENT
	}
	a.load(value, p, flags)
	return 0
}

func (a *array) SysUpdate(key, value []byte, flags abi.UpdateFlags) abi.Errno {
	return a.Update(0, key, value, flags)
}

func (a *array) SysDelete(key []byte) abi.Errno { return a.Delete(0, key) }

func (a *array) NextKey(prev, next []byte) abi.Errno { return arrayNextKey(a.max, prev, next) }

// arrayNextKey is the order of all arrays: by index, from 0 after one that is
// out of range.
func arrayNextKey(max uint32, prev, next []byte) abi.Errno {
	i := uint32(0)
	if prev != nil {
		switch p := binary.NativeEndian.Uint32(prev); {
		case p == max-1:
			return abi.ENOENT
		case p < max:
			i = p + 1
		}
	}
	binary.NativeEndian.PutUint32(next, i)
	return 0
}

func (a *array) Range(_ int, f func(key, value mem.Addr) bool) int {
	return a.table.indices(a.max, a.at, f)
}
