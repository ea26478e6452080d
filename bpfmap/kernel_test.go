//go:build linux && (amd64 || arm64)

package bpfmap

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"
	"golang.org/x/sys/unix"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/image"
)

// The tests in this file hold the maps against those of the running kernel,
// with the same random operations.

// needKernel skips where there is no bpf(2), with the reason.
func needKernel(t testing.TB) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("no bpf(2) on this system")
	}
	m, err := ebpf.NewMap(&ebpf.MapSpec{Type: ebpf.Array, KeySize: 4, ValueSize: 4, MaxEntries: 1})
	if err != nil {
		t.Skipf("bpf(2) cannot be used: %v", err)
	}
	m.Close()
}

// kernelMap is a map of the kernel, by raw bpf(2) but for its creation.
type kernelMap struct{ fd int }

type createAttr struct {
	mapType, keySize, valueSize, maxEntries, flags, innerFD, numaNode uint32
	name                                                              [16]byte
	ifindex, btfFD, btfKey, btfValue, btfVmlinux                      uint32
	extra                                                             uint64
}

func kernelCreate(d *image.Map, innerFD int) (int, abi.Errno) {
	a := createAttr{mapType: uint32(d.Type), keySize: d.KeySize, valueSize: d.ValueSize, maxEntries: d.MaxEntries,
		flags: uint32(d.Flags), numaNode: d.NUMANode, innerFD: uint32(innerFD), extra: d.Extra}
	fd, errno := bpf(unix.BPF_MAP_CREATE, attrPointer(&a), attrSize(&a))
	return int(fd), errno
}

func (m kernelMap) op(cmd int, key, value []byte, flags abi.UpdateFlags) abi.Errno {
	return bpfElem(cmd, m.fd, key, value, uint64(flags))
}

// pair is one map here and one in the kernel, of the same definition.
type pair struct {
	t      *testing.T
	ours   Map
	kernel kernelMap
	cpus   int
}

func newPair(t *testing.T, def image.Map) *pair {
	t.Helper()
	cpus, err := ebpf.PossibleCPU()
	if err != nil {
		t.Skipf("the number of the kernel's CPUs is unknown: %v", err)
	}
	table := NewTable(TableOptions{CPUs: cpus})
	ours := mustNew(t, table, def)
	fd, errno := kernelCreate(&def, 0)
	if errno != 0 {
		t.Fatalf("the kernel refuses %+v: %s", def, errnoText(errno))
	}
	t.Cleanup(func() { unix.Close(fd) })
	return &pair{t, ours, kernelMap{fd}, cpus}
}

// do does one operation on both maps and compares errno and result.
func (p *pair) do(what string, ours func(out []byte) abi.Errno, kernel func(out []byte) abi.Errno, n int) {
	p.t.Helper()
	a, b := make([]byte, n), make([]byte, n)
	ea, eb := ours(a), kernel(b)
	if ea != eb {
		p.t.Fatalf("%s: %s here, %s in the kernel", what, errnoText(ea), errnoText(eb))
	}
	if ea == 0 && !bytes.Equal(a, b) {
		p.t.Fatalf("%s: %x here, %x in the kernel", what, a, b)
	}
}

func (p *pair) lookup(key []byte, flags abi.UpdateFlags) {
	p.t.Helper()
	p.do(fmt.Sprintf("lookup %x flags %d", key, flags),
		func(v []byte) abi.Errno { return Lookup(p.ours, key, v, flags) },
		func(v []byte) abi.Errno { return p.kernel.op(unix.BPF_MAP_LOOKUP_ELEM, key, v, flags) }, ValueLen(p.ours))
}

func (p *pair) lookupDelete(key []byte, flags abi.UpdateFlags) {
	p.t.Helper()
	p.do(fmt.Sprintf("lookup and delete %x flags %d", key, flags),
		func(v []byte) abi.Errno { return LookupDelete(p.ours, key, v, flags) },
		func(v []byte) abi.Errno {
			return p.kernel.op(unix.BPF_MAP_LOOKUP_AND_DELETE_ELEM, key, v, flags)
		}, ValueLen(p.ours))
}

func (p *pair) update(key, value []byte, flags abi.UpdateFlags) {
	p.t.Helper()
	p.do(fmt.Sprintf("update %x to %x flags %d", key, value, flags),
		func([]byte) abi.Errno { return Update(p.ours, key, value, flags) },
		func([]byte) abi.Errno { return p.kernel.op(unix.BPF_MAP_UPDATE_ELEM, key, value, flags) }, 0)
}

func (p *pair) delete(key []byte) {
	p.t.Helper()
	p.do(fmt.Sprintf("delete %x", key),
		func([]byte) abi.Errno { return Delete(p.ours, key) },
		func([]byte) abi.Errno { return p.kernel.op(unix.BPF_MAP_DELETE_ELEM, key, nil, 0) }, 0)
}

// nextKey compares the errno, and the key of kinds with an order.
func (p *pair) nextKey(prev []byte, ordered bool) {
	p.t.Helper()
	n := 0
	if ordered {
		n = int(p.ours.Def().KeySize)
	}
	next := make([]byte, p.ours.Def().KeySize)
	p.do(fmt.Sprintf("key after %x", prev),
		func(k []byte) abi.Errno { e := NextKey(p.ours, prev, next); copy(k, next); return e },
		func(k []byte) abi.Errno {
			e := p.kernel.op(unix.BPF_MAP_GET_NEXT_KEY, prev, next, 0)
			copy(k, next)
			return e
		}, n)
}

func (p *pair) compareKeys(ordered bool) {
	p.t.Helper()
	size := p.ours.Def().KeySize
	a := keys(p.t, func(prev, next []byte) abi.Errno { return NextKey(p.ours, prev, next) }, size)
	b := keys(p.t, func(prev, next []byte) abi.Errno {
		return p.kernel.op(unix.BPF_MAP_GET_NEXT_KEY, prev, next, 0)
	}, size)
	if !ordered {
		sortKeys(a)
		sortKeys(b)
	}
	if len(a) != len(b) {
		p.t.Fatalf("%d keys here, %d in the kernel", len(a), len(b))
	}
	for i := range a {
		if !bytes.Equal(a[i], b[i]) {
			p.t.Fatalf("key %d of %d: %x here, %x in the kernel", i, len(a), a[i], b[i])
		}
	}
}

func randomFlags(r *rand.Rand) abi.UpdateFlags {
	if r.IntN(3) > 0 {
		return abi.UpdateAny
	}
	return abi.UpdateFlags(r.IntN(9))
}

func TestKeyedMapsAgreeWithTheKernel(t *testing.T) {
	t.Parallel()
	needKernel(t)
	for _, k := range keyedKinds(24) {
		if k.lru() {
			// Which element is evicted is the kernel's own affair: stay below.
			k.def.MaxEntries = 4096
		}
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			p := newPair(t, k.def)
			r := rand.New(rand.NewPCG(1, 2))
			for range 4000 {
				key := k.key(r.IntN(30))
				switch r.IntN(8) {
				case 0, 1, 2:
					p.update(key, k.value(p.ours, r.IntN(1<<30)), randomFlags(r))
				case 3, 4:
					p.lookup(key, randomFlags(r))
				case 5:
					p.delete(key)
				case 6:
					if k.array() {
						p.nextKey(key, true)
					}
				case 7:
					p.lookupDelete(key, randomFlags(r))
				}
			}
			p.compareKeys(k.array())
			p.nextKey(nil, k.array())
		})
	}
}

func TestTriesAgreeWithTheKernel(t *testing.T) {
	t.Parallel()
	needKernel(t)
	for _, data := range []uint32{1, 4, 8, 11, 16, 33} {
		t.Run(fmt.Sprintf("%d bytes", data), func(t *testing.T) {
			t.Parallel()
			p := newPair(t, image.Map{Type: abi.LPMTrie, KeySize: 4 + data, ValueSize: 3, MaxEntries: 100, Flags: abi.NoPrealloc})
			r := rand.New(rand.NewPCG(uint64(data), 1))
			key := func() []byte {
				k := make([]byte, 4+data)
				binary.NativeEndian.PutUint32(k, uint32(r.IntN(int(data)*8+2)))
				for i := range k[4:] {
					// Few bits, so that prefixes hold one another.
					bits := r.Uint32()
					k[4+i] = byte(bits & (bits >> 8) & (bits >> 16))
				}
				return k
			}
			for i := range 6000 {
				k := key()
				switch r.IntN(8) {
				case 0, 1, 2:
					p.update(k, []byte{byte(i), byte(i >> 8), 1}, randomFlags(r))
				case 3, 4:
					p.lookup(k, 0)
				case 5:
					p.delete(k)
				case 6:
					p.nextKey(k, true)
				case 7:
					p.lookupDelete(k, 0)
				}
				if i%500 == 0 {
					p.compareKeys(true)
				}
			}
			// Empty it in order, so that every shape of node is cut.
			for _, k := range keys(t, func(prev, next []byte) abi.Errno { return NextKey(p.ours, prev, next) }, 4+data) {
				p.delete(k)
				p.lookup(k, 0)
			}
			p.compareKeys(true)
		})
	}
}

func TestQueuesAgreeWithTheKernel(t *testing.T) {
	t.Parallel()
	needKernel(t)
	for _, typ := range []abi.MapType{abi.Queue, abi.Stack} {
		p := newPair(t, image.Map{Type: typ, ValueSize: 6, MaxEntries: 5})
		r := rand.New(rand.NewPCG(3, 3))
		for i := range 3000 {
			switch r.IntN(6) {
			case 0, 1, 2:
				p.update(nil, []byte{byte(i), byte(i >> 8), 1, 2, 3, 4}, randomFlags(r))
			case 3:
				p.lookup(nil, randomFlags(r))
			case 4:
				p.lookupDelete(nil, randomFlags(r))
			case 5:
				p.delete(nil)
				p.nextKey(nil, false)
			}
		}
	}
}

func TestDefinitionsAreJudgedAsByTheKernel(t *testing.T) {
	t.Parallel()
	needKernel(t)
	innerFD, errno := kernelCreate(&image.Map{Type: abi.Array, KeySize: 4, ValueSize: 4, MaxEntries: 1}, 0)
	if errno != 0 {
		t.Fatal(errnoText(errno))
	}
	defer unix.Close(innerFD)
	for _, c := range createCases() {
		fd := 0x7fffffff
		if c.def.Inner != nil {
			fd = innerFD
		} else if c.def.Type != abi.ArrayOfMaps {
			fd = 0
		}
		made, got := kernelCreate(&c.def, fd)
		if got == 0 {
			unix.Close(made)
		}
		if got == abi.ENOMEM && c.want == 0 {
			continue
		}
		if got != c.want {
			t.Errorf("%s: the kernel says %s, the table %s", c.name, errnoText(got), errnoText(c.want))
		}
	}
}

// TestOtherMapsAnswerAsTheKernels goes through the commands that maps of
// handles and the like refuse, or do with plain bytes.
func TestOtherMapsAnswerAsTheKernels(t *testing.T) {
	t.Parallel()
	needKernel(t)
	inner := image.Map{Type: abi.Array, KeySize: 4, ValueSize: 4, MaxEntries: 1}
	innerFD, errno := kernelCreate(&inner, 0)
	if errno != 0 {
		t.Fatal(errnoText(errno))
	}
	defer unix.Close(innerFD)
	for _, c := range []struct {
		name    string
		def     image.Map
		values  []uint64 // that may be written
		ordered bool
	}{
		{"ring buffer", image.Map{Type: abi.RingBuf, MaxEntries: 4096}, []uint64{0}, false},
		{"program array", image.Map{Type: abi.ProgArray, KeySize: 4, ValueSize: 4, MaxEntries: 3}, nil, true},
		{"perf event array", image.Map{Type: abi.PerfEventArray, KeySize: 4, ValueSize: 4, MaxEntries: 3}, nil, true},
		{"array of maps", image.Map{Type: abi.ArrayOfMaps, KeySize: 4, ValueSize: 4, MaxEntries: 3, Inner: &inner}, nil, true},
		{"hash of maps", image.Map{Type: abi.HashOfMaps, KeySize: 4, ValueSize: 4, MaxEntries: 3, Inner: &inner}, nil, false},
		{"device map", image.Map{Type: abi.DevMap, KeySize: 4, ValueSize: 4, MaxEntries: 3}, []uint64{0, 1}, true},
		{"device map with programs", image.Map{Type: abi.DevMap, KeySize: 4, ValueSize: 8, MaxEntries: 3}, []uint64{0, 1, 1 << 32}, true},
		{"device hash", image.Map{Type: abi.DevMapHash, KeySize: 4, ValueSize: 4, MaxEntries: 2}, []uint64{0, 1}, false},
		{"CPU map", image.Map{Type: abi.CPUMap, KeySize: 4, ValueSize: 4, MaxEntries: 3}, []uint64{0, 20000}, true},
		{"socket map", image.Map{Type: abi.XSKMap, KeySize: 4, ValueSize: 4, MaxEntries: 3}, nil, true},
		{"bloom filter", image.Map{Type: abi.BloomFilter, ValueSize: 8, MaxEntries: 1000}, []uint64{5, 6, 7}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			table := NewTable(TableOptions{CPUs: runtime.NumCPU()})
			p := &pair{t: t, ours: mustNew(t, table, c.def)}
			fd, errno := kernelCreate(&c.def, innerFD)
			if errno != 0 {
				t.Fatalf("the kernel refuses the map: %s", errnoText(errno))
			}
			defer unix.Close(fd)
			p.kernel = kernelMap{fd}
			var all [][]byte
			for key := range 5 {
				all = append(all, u32(key))
			}
			if c.def.KeySize == 0 {
				all = [][]byte{nil}
			}
			for round := range 2 {
				for i, key := range all {
					for _, v := range c.values {
						value := u64(int(v))[:c.def.ValueSize]
						for _, flags := range []abi.UpdateFlags{0, 1, 2, 3, 8} {
							p.update(key, value, flags)
						}
						if c.def.KeySize == 0 && c.def.ValueSize > 0 {
							p.do("membership", func([]byte) abi.Errno { return Lookup(p.ours, nil, value, 0) },
								func([]byte) abi.Errno { return p.kernel.op(unix.BPF_MAP_LOOKUP_ELEM, nil, value, 0) }, 0)
							other := u64(int(v) + 1000)
							p.do("membership", func([]byte) abi.Errno { return Lookup(p.ours, nil, other, 0) },
								func([]byte) abi.Errno { return p.kernel.op(unix.BPF_MAP_LOOKUP_ELEM, nil, other, 0) }, 0)
						}
					}
					if c.def.ValueSize > 0 && c.def.KeySize > 0 {
						p.lookup(key, 0)
					}
					p.lookupDelete(key, 0)
					if c.def.Type != abi.DevMapHash {
						p.nextKey(key, c.ordered)
					}
					if round == 1 || i == 1 {
						p.delete(key)
					}
				}
			}
			p.nextKey(nil, c.ordered)
			if c.def.KeySize > 0 {
				p.compareKeys(c.ordered)
			}
		})
	}
}

func TestSpinLocksAgreeWithTheKernel(t *testing.T) {
	t.Parallel()
	needKernel(t)
	u := &btf.Int{Name: "unsigned int", Size: 4}
	for _, typ := range []abi.MapType{abi.Array, abi.Hash} {
		value := lockValue(4, 12).(*btf.Struct)
		value.Members = append([]btf.Member{{Name: "a", Type: u}}, value.Members...)
		value.Members = append(value.Members, btf.Member{Name: "b", Type: u, Offset: 64})
		def := image.Map{Type: typ, KeySize: 4, ValueSize: 12, MaxEntries: 3, Key: u, Value: value}
		theirs, err := ebpf.NewMap(&ebpf.MapSpec{Type: ebpf.MapType(typ), KeySize: 4, ValueSize: 12, MaxEntries: 3, Key: u, Value: value})
		if err != nil {
			t.Skipf("the kernel takes no spin lock: %v", err)
		}
		defer theirs.Close()
		p := &pair{t: t, ours: mustNew(t, newTable(t), def), kernel: kernelMap{theirs.FD()}}
		r := rand.New(rand.NewPCG(8, 8))
		for i := range 2000 {
			key := u32(r.IntN(5))
			switch r.IntN(4) {
			case 0, 1:
				p.update(key, append(append(u32(i), u32(-1)...), u32(i*3)...), randomFlags(r))
			case 2:
				p.lookup(key, randomFlags(r))
			case 3:
				p.delete(key)
				p.lookupDelete(key, randomFlags(r))
			}
		}
	}
}
