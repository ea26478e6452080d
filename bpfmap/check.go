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
	maxCPUs    = 8192                // CPUs that a kernel may be built for
	maxBuckets = math.MaxUint32 / 16 // of a hash
	maxLPMData = 256                 // bytes of a trie's prefix
)

// refusal is an errno and what is wrong, in words.
type refusal struct {
	errno  abi.Errno
	reason string
}

func refuse(e abi.Errno, format string, args ...any) *refusal {
	return &refusal{e, fmt.Sprintf(format, args...)}
}

// checkDef holds a definition against the rules of BPF_MAP_CREATE, which are
// those of its row in abi and the few below.
func checkDef(d *image.Map) error {
	row := d.Type.Info()
	if row == nil {
		return &CreateError{Map: d.Name, Errno: abi.EINVAL, Reason: fmt.Sprintf("there is no map type %d", d.Type)}
	}
	for _, check := range []func(*image.Map, *abi.MapInfo) *refusal{
		checkFlags, checkSizes, checkEntries, checkExtra, checkInner, checkLock,
	} {
		if r := check(d, row); r != nil {
			return &CreateError{Map: d.Name, Errno: r.errno, Reason: r.reason}
		}
	}
	return nil
}

func checkFlags(d *image.Map, row *abi.MapInfo) *refusal {
	both := func(f abi.MapFlags) bool { return d.Flags&f == f }
	lru := d.Type == abi.LRUHash || d.Type == abi.LRUPerCPUHash
	switch bad := d.Flags &^ row.Flags; {
	case lru && bad == abi.NoPrealloc:
		return refuse(abi.ENOTSUPP, "map flags: LRU maps are preallocated")
	case bad != 0:
		return refuse(abi.EINVAL, "map flags %#x: not legal for type %s", uint32(bad), row.Short)
	case !both(row.Required):
		return refuse(abi.EINVAL, "map flags: type %s needs %#x", row.Short, uint32(row.Required))
	case both(abi.ReadOnly | abi.WriteOnly):
		return refuse(abi.EINVAL, "map flags: BPF_F_RDONLY and BPF_F_WRONLY exclude each other")
	case both(abi.ReadOnlyProg | abi.WriteOnlyProg):
		return refuse(abi.EINVAL, "map flags: BPF_F_RDONLY_PROG and BPF_F_WRONLY_PROG exclude each other")
	case both(abi.NUMANode | abi.NoCommonLRU):
		return refuse(abi.EINVAL, "map flags: BPF_F_NUMA_NODE is not for lists of CPUs")
	case both(abi.NUMANode) && d.NUMANode != 0:
		return refuse(abi.EINVAL, "NUMA node %d: there is none", d.NUMANode)
	}
	return nil
}

func checkSizes(d *image.Map, row *abi.MapInfo) *refusal {
	tooLarge := abi.EINVAL
	switch d.Type {
	case abi.Array, abi.PerCPUArray, abi.Queue, abi.Stack:
		tooLarge = abi.E2BIG
	}
	if row.Sum != 0 {
		tooLarge = abi.E2BIG
	}
	for _, s := range []struct {
		what string
		size uint32
		rule abi.SizeRule
	}{{"key", d.KeySize, row.Key}, {"value", d.ValueSize, row.Value}} {
		switch {
		case s.rule.Allows(s.size):
		case s.size > s.rule.Max && s.rule.Max > 8:
			return refuse(tooLarge, "%s size %d is above %d", s.what, s.size, s.rule.Max)
		default:
			return refuse(abi.EINVAL, "%s size %d is not legal for type %s", s.what, s.size, row.Short)
		}
	}
	if sum := uint64(d.KeySize) + uint64(d.ValueSize); row.Sum != 0 && sum > uint64(row.Sum) {
		return refuse(abi.E2BIG, "key and value have %d bytes, more than %d", sum, row.Sum)
	}
	return nil
}

func checkEntries(d *image.Map, row *abi.MapInfo) *refusal {
	n := d.MaxEntries
	switch row.Entries {
	case abi.EntriesNone:
		if n != 0 {
			return refuse(abi.EINVAL, "max_entries %d: must be 0 for type %s", n, row.Short)
		}
		return nil
	case abi.EntriesPages:
		if n&(n-1) != 0 || n%mem.PageSize != 0 || n == 0 {
			return refuse(abi.EINVAL, "max_entries %d: must be a power of two of pages of %d bytes", n, mem.PageSize)
		}
		return nil
	case abi.EntriesCPUs:
		if n > maxCPUs {
			return refuse(abi.E2BIG, "max_entries %d is above the %d CPUs there can be", n, maxCPUs)
		}
	}
	switch {
	case n == 0:
		return refuse(abi.EINVAL, "max_entries is 0")
	case d.Type == abi.DevMapHash && n > 1<<31:
		return refuse(abi.EINVAL, "max_entries %d is above 2^31", n)
	case (row.Sum != 0 || d.Type == abi.HashOfMaps) && powerOf2(uint64(n)) > maxBuckets:
		return refuse(abi.E2BIG, "max_entries %d needs more than %d buckets", n, maxBuckets)
	}
	return nil
}

func checkExtra(d *image.Map, row *abi.MapInfo) *refusal {
	switch {
	case row.Extra == abi.ExtraNone && d.Extra != 0:
		return refuse(abi.EINVAL, "map_extra %#x: must be 0 for type %s", d.Extra, row.Short)
	case row.Extra == abi.ExtraHashes && d.Extra&^0xf != 0:
		return refuse(abi.EINVAL, "map_extra %#x: only the number of hashes, up to 15, is legal", d.Extra)
	}
	return nil
}

// checkInner holds the template of inner maps against the rules.
func checkInner(d *image.Map, _ *abi.MapInfo) *refusal {
	if d.Type != abi.ArrayOfMaps && d.Type != abi.HashOfMaps {
		return nil
	}
	t := d.Inner
	if t == nil {
		return refuse(abi.EBADF, "the template of the inner maps is missing")
	}
	if t.Type == abi.ArrayOfMaps || t.Type == abi.HashOfMaps {
		return refuse(abi.EINVAL, "inner maps cannot hold maps")
	}
	if row := t.Type.Info(); row == nil || !row.Inner {
		return refuse(abi.ENOTSUPP, "inner maps cannot be of type %s", t.Type.Short())
	}
	return nil
}

// checkLock says what is wrong with a spin lock in the value.
func checkLock(d *image.Map, row *abi.MapInfo) *refusal {
	at := spinLockOffset(d.Value)
	switch {
	case at < 0:
	case row.Fields&abi.FieldSpinLock == 0:
		return refuse(abi.EOPNOTSUPP, "a bpf_spin_lock in a value of type %s", row.Short)
	case uint32(at)+4 > d.ValueSize:
		return refuse(abi.EINVAL, "the value's type is larger than the value")
	case d.Flags&(abi.ReadOnlyProg|abi.WriteOnlyProg) != 0:
		return refuse(abi.EACCES, "a bpf_spin_lock in a map that programs cannot read and write")
	}
	return nil
}
