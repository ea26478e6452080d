package randprog

import (
	"strconv"

	"github.com/cilium/ebpf/btf"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/image"
)

// The maps that programs may use, by place in maps().
const (
	arrayMap = iota
	hashMap
	perCPUMap
	smallMap
	constMap
	ringMap
	progsMap
	queueMap
	lruMap
	lockMap
	outerMap
	innerMap // not a map of its own: what a look-up in outerMap gives
)

// constText is what the read-only map holds: a format, then numbers.
const constText = "%d %x\x00\x01\x02\x04\x10\x00\x00\x00\xff\xff\xff\x7f\x05\x00\x00\x00\x80\x00\x00\x00\x09"

// maps are the maps' definitions. Each program gets its own copies of those
// that it uses.
func maps() []*image.Map {
	u32 := &btf.Int{Name: "unsigned int", Size: 4}
	lock := &btf.Struct{Name: "bpf_spin_lock", Size: 4, Members: []btf.Member{{Name: "val", Type: u32}}}
	locked := &btf.Struct{Name: "locked", Size: 32, Members: []btf.Member{
		{Name: "lock", Type: lock},
		{Name: "data", Type: &btf.Array{Index: u32, Type: u32, Nelems: 7}, Offset: 32},
	}}
	inner := &image.Map{Name: "inner", Type: abi.Array, KeySize: 4, ValueSize: 24, MaxEntries: 2}
	return []*image.Map{
		arrayMap:  {Name: "array", Type: abi.Array, KeySize: 4, ValueSize: 64, MaxEntries: 4},
		hashMap:   {Name: "hash", Type: abi.Hash, KeySize: 8, ValueSize: 48, MaxEntries: 16},
		perCPUMap: {Name: "percpu", Type: abi.PerCPUArray, KeySize: 4, ValueSize: 32, MaxEntries: 2},
		smallMap:  {Name: "small", Type: abi.Array, KeySize: 4, ValueSize: 19, MaxEntries: 1},
		constMap: {
			Name: "consts", Type: abi.Array, KeySize: 4, ValueSize: uint32(len(constText)), MaxEntries: 1,
			Flags: abi.ReadOnlyProg, Frozen: true,
			Contents: []image.Entry{{Key: make([]byte, 4), Value: []byte(constText)}},
		},
		ringMap:  {Name: "ring", Type: abi.RingBuf, MaxEntries: 4096},
		progsMap: {Name: "progs", Type: abi.ProgArray, KeySize: 4, ValueSize: 4, MaxEntries: 4},
		queueMap: {Name: "queue", Type: abi.Queue, ValueSize: 16, MaxEntries: 4},
		lruMap:   {Name: "lru", Type: abi.LRUHash, KeySize: 4, ValueSize: 8, MaxEntries: 16},
		lockMap: {
			Name: "locked", Type: abi.Array, KeySize: 4, ValueSize: 32, MaxEntries: 2, Key: u32, Value: locked,
		},
		outerMap: {Name: "outer", Type: abi.ArrayOfMaps, KeySize: 4, ValueSize: 4, MaxEntries: 2, Inner: inner},
		innerMap: inner,
	}
}

// btf is the function's type: numbers in, a number out.
func (f *function) btf() *btf.Func {
	u64 := &btf.Int{Name: "unsigned long", Size: 8}
	proto := &btf.FuncProto{Return: &btf.Int{Name: "int", Size: 4, Encoding: btf.Signed}}
	for r := range f.args {
		if f.args[r].kind != none {
			proto.Params = append(proto.Params, btf.FuncParam{Name: "r" + strconv.Itoa(r), Type: u64})
		}
	}
	linkage := btf.StaticFunc
	if f.global {
		linkage = btf.GlobalFunc
	}
	return &btf.Func{Name: f.name, Type: proto, Linkage: linkage}
}
