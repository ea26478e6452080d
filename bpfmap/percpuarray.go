package bpfmap

import (
	"encoding/binary"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/internal/mem"
)

// perCPUArray is BPF_MAP_TYPE_PERCPU_ARRAY: an array for each CPU.
//
//	base ─► CPU 0: value 0 │ value 1 │ … ┆ CPU 1: value 0 │ …
//	        ◄──────────── cpu stride ───►
//
// Each CPU's part is of whole pages, so that CPUs share no cache line.
type perCPUArray struct {
	base
	values    mem.Addr
	stride    uint32 // value size rounded up to 8
	cpuStride mem.Addr
}

func newPerCPUArray(def *image.Map, o Options) (*perCPUArray, error) {
	a := &perCPUArray{stride: uint32(roundUp(uint64(def.ValueSize), 8))}
	if err := a.setup(def, o); err != nil {
		return nil, err
	}
	slots := powerOf2(uint64(def.MaxEntries))
	n := roundUp(slots*uint64(a.stride), mem.PageSize)
	a.cpuStride = mem.Addr(n)
	var err error
	if a.values, err = a.alloc(n * uint64(a.cpus)); err != nil {
		a.table.drop(a.hdr)
		return nil, err
	}
	*(a.hdr + HdrMask).U32() = uint32(slots - 1)
	*(a.hdr + HdrBase).U64() = uint64(a.values)
	*(a.hdr + HdrStride).U32() = a.stride
	*(a.hdr + HdrCPUStride).U64() = n
	return a, nil
}

func (a *perCPUArray) at(cpu int, i uint32) mem.Addr {
	return a.values + mem.Addr(cpu)*a.cpuStride + mem.Addr(i)*mem.Addr(a.stride)
}

func (a *perCPUArray) Lookup(cpu int, key []byte) mem.Addr {
	i := binary.NativeEndian.Uint32(key)
	if i >= a.max {
		return 0
	}
	return a.at(cpu, i)
}

// LookupCPU is the value of another CPU.
func (a *perCPUArray) LookupCPU(key []byte, cpu uint32) mem.Addr {
	if cpu >= uint32(a.cpus) {
		return 0
	}
	return a.Lookup(int(cpu), key)
}

func (a *perCPUArray) Update(cpu int, key, value []byte, flags abi.UpdateFlags) abi.Errno {
	i := binary.NativeEndian.Uint32(key)
	if e := arrayUpdateCheck(i, a.max, flags); e != 0 {
		return e
	}
	if flags&abi.UpdateLock != 0 {
		return abi.EINVAL
	}
	mem.Copy(a.at(cpu, i).Bytes(len(value)), value)
	return 0
}

func (a *perCPUArray) Delete(int, []byte) abi.Errno { return abi.EINVAL }

// ValueLen is the length of all CPUs' values.
func (a *perCPUArray) ValueLen() int { return int(a.stride) * a.cpus }

func (a *perCPUArray) SysLookup(key, value []byte, _ abi.UpdateFlags) abi.Errno {
	i := binary.NativeEndian.Uint32(key)
	if i >= a.max {
		return abi.ENOENT
	}
	n := int(a.stride)
	for c := range a.cpus {
		mem.Copy(value[c*n:][:n], a.at(c, i).Bytes(n))
	}
	return 0
}

func (a *perCPUArray) SysUpdate(key, value []byte, flags abi.UpdateFlags) abi.Errno {
	i := binary.NativeEndian.Uint32(key)
	if flags > abi.UpdateExist {
		return abi.EINVAL
	}
	if e := arrayUpdateCheck(i, a.max, flags); e != 0 {
		return e
	}
	n := int(a.stride)
	for c := range a.cpus {
		mem.Copy(a.at(c, i).Bytes(n), value[c*n:][:n])
	}
	return 0
}

func (a *perCPUArray) SysDelete([]byte) abi.Errno { return abi.EINVAL }

func (a *perCPUArray) NextKey(prev, next []byte) abi.Errno { return arrayNextKey(a.max, prev, next) }

// Range visits the values of one CPU.
func (a *perCPUArray) Range(cpu int, f func(key, value mem.Addr) bool) int {
	return a.table.indices(a.max, func(i uint32) mem.Addr { return a.at(cpu, i) }, f)
}
