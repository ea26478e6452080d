//go:build ignore

// Maps without programs: all the ways to read and write them.
package main

import (
	"errors"
	"fmt"
	"log"
	"slices"

	"github.com/cilium/ebpf"
)

func main() {
	m, err := ebpf.NewMap(&ebpf.MapSpec{
		Name: "table", Type: ebpf.Hash, KeySize: 4, ValueSize: 8, MaxEntries: 4,
		Contents: []ebpf.MapKV{{Key: uint32(1), Value: uint64(100)}},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer m.Close()
	check(m.Put(uint32(2), uint64(200)))
	if err := m.Update(uint32(2), uint64(201), ebpf.UpdateNoExist); !errors.Is(err, ebpf.ErrKeyExist) {
		log.Fatal("update: ", err)
	}
	if err := m.Update(uint32(9), uint64(1), ebpf.UpdateExist); !errors.Is(err, ebpf.ErrKeyNotExist) {
		log.Fatal("update: ", err)
	}
	var v uint64
	check(m.Lookup(uint32(2), &v))
	fmt.Println("value", v)
	if err := m.Lookup(uint32(3), &v); !errors.Is(err, ebpf.ErrKeyNotExist) {
		log.Fatal("lookup: ", err)
	}
	b, err := m.LookupBytes(uint32(3))
	fmt.Println("bytes", b == nil, err)

	n, err := m.BatchUpdate([]uint32{5, 6}, []uint64{500, 600}, nil)
	fmt.Println("batch", n, err)
	var cursor ebpf.MapBatchCursor
	keys, values := make([]uint32, 8), make([]uint64, 8)
	n, err = m.BatchLookup(&cursor, keys, values, nil)
	if !errors.Is(err, ebpf.ErrKeyNotExist) {
		log.Fatal("batch lookup: ", err)
	}
	slices.Sort(keys[:n])
	fmt.Println("keys", keys[:n])
	check(m.Put(uint32(1), uint64(1)))
	fmt.Println("full", m.Put(uint32(7), uint64(1)) != nil)
	check(m.Delete(uint32(1)))
	check(m.LookupAndDelete(uint32(2), &v))
	n, err = m.BatchDelete([]uint32{5, 6}, nil)
	fmt.Println("deleted", n, err, m.NextKey(nil, new(uint32)) != nil)

	pc, err := ebpf.NewMap(&ebpf.MapSpec{Type: ebpf.PerCPUArray, KeySize: 4, ValueSize: 4, MaxEntries: 1})
	check(err)
	defer pc.Close()
	cpus := make([]uint32, ebpf.MustPossibleCPU())
	cpus[0] = 7
	check(pc.Put(uint32(0), cpus))
	var got []uint32
	check(pc.Lookup(uint32(0), &got))
	fmt.Println("per CPU", got[0], len(got) == len(cpus))

	q, err := ebpf.NewMap(&ebpf.MapSpec{Type: ebpf.Queue, ValueSize: 4, MaxEntries: 2})
	check(err)
	defer q.Close()
	check(q.Put(nil, uint32(1)))
	check(q.Put(nil, uint32(2)))
	var head uint32
	check(q.LookupAndDelete(nil, &head))
	fmt.Println("queue", head)

	inner := &ebpf.MapSpec{Type: ebpf.Array, KeySize: 4, ValueSize: 4, MaxEntries: 1}
	outer, err := ebpf.NewMap(&ebpf.MapSpec{Type: ebpf.HashOfMaps, KeySize: 4, ValueSize: 4, MaxEntries: 2, InnerMap: inner})
	check(err)
	defer outer.Close()
	in, err := ebpf.NewMap(inner)
	check(err)
	defer in.Close()
	check(outer.Put(uint32(1), in))
	var id uint32
	check(outer.Lookup(uint32(1), &id))
	fmt.Println("inner", id != 0)
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
