package bpfmap

import (
	"fmt"
	"math"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/internal/mem"
)

// Limits of Linux on amd64, on every machine, so that a definition is good or
// bad everywhere.
const (
	kmallocMax   = 4 << 20  // KMALLOC_MAX_SIZE
	percpuMax    = 32 << 10 // PCPU_MIN_UNIT_SIZE
	htabElemSize = 48
	trieNodeSize = 24
	maxLPMData   = 256
	maxCPUs      = 8192 // NR_CPUS
	maxBuckets   = math.MaxUint32 / 16
)

const accessFlags = abi.ReadOnly | abi.WriteOnly | abi.ReadOnlyProg | abi.WriteOnlyProg

// rule is what BPF_MAP_CREATE demands of a type of map.
type rule struct {
	flags  abi.MapFlags // those that are legal
	demand abi.MapFlags // those that must be there
	key    func(uint32) bool
	value  func(uint32) bool
	// more is what is left, after flags, sizes and max_entries.
	more func(d *image.Map) (abi.Errno, string)
}

func size(n uint32) func(uint32) bool { return func(s uint32) bool { return s == n } }

func someSize(s uint32) bool { return s > 0 }

func fourOrEight(s uint32) bool { return s == 4 || s == 8 }

// ruleOf is the rule of a type, nil if Linux 6.18 has no such type or this
// package has none.
func ruleOf(t abi.MapType) *rule {
	const htabFlags = abi.NoPrealloc | abi.NoCommonLRU | abi.NUMANode | abi.ZeroSeed | accessFlags
	const fdFlags = abi.NUMANode | abi.ReadOnly | abi.WriteOnly
	switch t {
	case abi.Array:
		return &rule{abi.NUMANode | abi.Mmapable | abi.InnerMap | accessFlags, 0, size(4), someSize, checkValueInt}
	case abi.PerCPUArray:
		return &rule{accessFlags, 0, size(4), someSize, checkPerCPU}
	case abi.ProgArray:
		return &rule{fdFlags, 0, size(4), size(4), nil}
	case abi.PerfEventArray:
		return &rule{fdFlags | abi.PreserveElems, 0, size(4), size(4), nil}
	case abi.ArrayOfMaps:
		return &rule{fdFlags, 0, size(4), size(4), checkInner}
	case abi.Hash, abi.PerCPUHash, abi.LRUHash, abi.LRUPerCPUHash:
		return &rule{htabFlags, 0, someSize, someSize, checkHash}
	case abi.HashOfMaps:
		return &rule{htabFlags, 0, someSize, size(4), checkHashOfMaps}
	case abi.LPMTrie:
		return &rule{abi.NoPrealloc | abi.NUMANode | accessFlags, abi.NoPrealloc,
			func(s uint32) bool { return s >= 5 && s <= 4+maxLPMData },
			func(s uint32) bool { return s > 0 && s <= kmallocMax-maxLPMData-trieNodeSize }, nil}
	case abi.Queue, abi.Stack:
		return &rule{abi.NUMANode | accessFlags, 0, size(0), someSize, checkQueue}
	case abi.RingBuf:
		return &rule{abi.NUMANode, 0, size(0), size(0), checkRingBuf}
	case abi.BloomFilter:
		return &rule{abi.NUMANode | abi.ZeroSeed | accessFlags, 0, size(0), someSize, checkBloom}
	case abi.DevMap, abi.DevMapHash:
		return &rule{fdFlags, 0, size(4), fourOrEight, checkDevMap}
	case abi.CPUMap:
		return &rule{abi.NUMANode, 0, size(4), fourOrEight, checkCPUMap}
	case abi.XSKMap:
		return &rule{fdFlags, 0, size(4), size(4), nil}
	}
	return nil
}

// checkDef holds a definition against the rules of BPF_MAP_CREATE.
func checkDef(d *image.Map) error {
	refuse := func(e abi.Errno, format string, args ...any) error {
		return &CreateError{Map: d.Name, Errno: e, Reason: fmt.Sprintf(format, args...)}
	}
	r := ruleOf(d.Type)
	if r == nil {
		return &CreateError{Map: d.Name, Errno: abi.EINVAL, err: ErrUnsupported,
			Reason: fmt.Sprintf("map type %d is not supported", d.Type)}
	}
	perCPU := d.Type == abi.PerCPUArray || d.Type == abi.PerCPUHash || d.Type == abi.LRUPerCPUHash
	switch {
	case d.Extra != 0 && d.Type != abi.BloomFilter:
		return refuse(abi.EINVAL, "map_extra %#x: must be 0 for this type", d.Extra)
	case d.Flags&^r.flags != 0:
		return refuse(abi.EINVAL, "map flags %#x: not legal for this type", uint32(d.Flags&^r.flags))
	case d.Flags&r.demand != r.demand:
		return refuse(abi.EINVAL, "map flags: %#x is needed for this type", uint32(r.demand))
	case d.Flags&(abi.ReadOnly|abi.WriteOnly) == abi.ReadOnly|abi.WriteOnly:
		return refuse(abi.EINVAL, "map flags: BPF_F_RDONLY and BPF_F_WRONLY exclude each other")
	case d.Flags&(abi.ReadOnlyProg|abi.WriteOnlyProg) == abi.ReadOnlyProg|abi.WriteOnlyProg:
		return refuse(abi.EINVAL, "map flags: BPF_F_RDONLY_PROG and BPF_F_WRONLY_PROG exclude each other")
	case d.Flags&abi.NUMANode != 0 && (perCPU || d.Flags&abi.NoCommonLRU != 0):
		return refuse(abi.EINVAL, "map flags: BPF_F_NUMA_NODE is not for per-CPU memory")
	case d.Flags&abi.NUMANode != 0 && d.NUMANode != 0:
		return refuse(abi.EINVAL, "NUMA node %d: there is none", d.NUMANode)
	case d.Type != abi.RingBuf && d.MaxEntries == 0:
		return refuse(abi.EINVAL, "max_entries is 0")
	case !r.key(d.KeySize):
		return refuse(abi.EINVAL, "key size %d is not legal for this type", d.KeySize)
	case !r.value(d.ValueSize):
		return refuse(abi.EINVAL, "value size %d is not legal for this type", d.ValueSize)
	}
	if r.more != nil {
		if e, reason := r.more(d); e != 0 {
			return refuse(e, "%s", reason)
		}
	}
	if l := spinLockOffset(d.Value); l >= 0 {
		switch {
		case d.Type != abi.Array && d.Type != abi.Hash:
			return refuse(abi.EOPNOTSUPP, "a bpf_spin_lock in a value of this type")
		case uint32(l)+4 > d.ValueSize:
			return refuse(abi.EINVAL, "the value type is larger than the value")
		case d.Flags&(abi.ReadOnlyProg|abi.WriteOnlyProg) != 0:
			return refuse(abi.EACCES, "a bpf_spin_lock in a map that programs cannot read and write")
		}
	}
	return nil
}

func checkValueInt(d *image.Map) (abi.Errno, string) {
	if d.ValueSize > math.MaxInt32 {
		return abi.E2BIG, "value size is above 2 GiB"
	}
	return 0, ""
}

func checkPerCPU(d *image.Map) (abi.Errno, string) {
	if roundUp(uint64(d.ValueSize), 8) > percpuMax {
		return abi.E2BIG, fmt.Sprintf("per-CPU value size %d is above %d", d.ValueSize, percpuMax)
	}
	return 0, ""
}

func checkHash(d *image.Map) (abi.Errno, string) {
	lru := d.Type == abi.LRUHash || d.Type == abi.LRUPerCPUHash
	switch {
	case !lru && d.Flags&abi.NoCommonLRU != 0:
		return abi.EINVAL, "map flags: BPF_F_NO_COMMON_LRU is for LRU maps"
	case lru && d.Flags&abi.NoPrealloc != 0:
		return abi.ENOTSUPP, "map flags: LRU maps are preallocated"
	case uint64(d.KeySize)+uint64(d.ValueSize) >= kmallocMax-htabElemSize:
		return abi.E2BIG, "key and value sizes are too large"
	case powerOf2(uint64(d.MaxEntries)) > maxBuckets:
		return abi.E2BIG, fmt.Sprintf("max_entries %d is too large", d.MaxEntries)
	}
	if d.Type == abi.PerCPUHash || d.Type == abi.LRUPerCPUHash {
		return checkPerCPU(d)
	}
	return 0, ""
}

func checkHashOfMaps(d *image.Map) (abi.Errno, string) {
	if e, s := checkHash(d); e != 0 {
		return e, s
	}
	return checkInner(d)
}

// checkInner holds the template of inner maps against the rules.
func checkInner(d *image.Map) (abi.Errno, string) {
	t := d.Inner
	if t == nil {
		return abi.EBADF, "the template of the inner maps is missing"
	}
	switch t.Type {
	case abi.ArrayOfMaps, abi.HashOfMaps:
		return abi.EINVAL, "inner maps cannot hold maps"
	case abi.ProgArray:
		return abi.ENOTSUPP, "inner maps cannot be program arrays"
	}
	return 0, ""
}

func checkQueue(d *image.Map) (abi.Errno, string) {
	if d.ValueSize > kmallocMax {
		return abi.E2BIG, fmt.Sprintf("value size %d is above %d", d.ValueSize, kmallocMax)
	}
	return 0, ""
}

func checkRingBuf(d *image.Map) (abi.Errno, string) {
	if n := d.MaxEntries; n&(n-1) != 0 || n%mem.PageSize != 0 || n == 0 {
		return abi.EINVAL, fmt.Sprintf("max_entries %d: must be a power of two of pages of %d bytes", n, mem.PageSize)
	}
	return 0, ""
}

func checkBloom(d *image.Map) (abi.Errno, string) {
	if d.Extra&^0xf != 0 {
		return abi.EINVAL, fmt.Sprintf("map_extra %#x: only the number of hashes, up to 15, is legal", d.Extra)
	}
	return 0, ""
}

func checkDevMap(d *image.Map) (abi.Errno, string) {
	if d.Type == abi.DevMapHash && d.MaxEntries > 1<<31 {
		return abi.EINVAL, fmt.Sprintf("max_entries %d is too large", d.MaxEntries)
	}
	return 0, ""
}

func checkCPUMap(d *image.Map) (abi.Errno, string) {
	if d.MaxEntries > maxCPUs {
		return abi.E2BIG, fmt.Sprintf("max_entries %d is above the %d CPUs there can be", d.MaxEntries, maxCPUs)
	}
	return 0, ""
}

// Adjust is a definition as libbpf passes it on to the kernel: a perf event
// array without max_entries gets one for each CPU, a ring buffer's size is
// rounded up to a power of two of pages, and so are those of inner maps. def
// itself stays as it is.
func Adjust(def *image.Map, cpus int) *image.Map {
	d := *def
	switch {
	case d.Type == abi.PerfEventArray && d.MaxEntries == 0:
		d.MaxEntries = uint32(cpus)
	case d.Type == abi.RingBuf && d.MaxEntries != 0:
		if n := powerOf2(roundUp(uint64(d.MaxEntries), mem.PageSize)); n <= math.MaxUint32 {
			d.MaxEntries = uint32(n)
		}
	case d.Inner != nil:
		d.Inner = Adjust(d.Inner, cpus)
	}
	// An Inner that needs nothing is itself, so that comparing is enough.
	if d.MaxEntries == def.MaxEntries && d.Inner == def.Inner {
		return def
	}
	return &d
}
