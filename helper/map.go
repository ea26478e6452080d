package helper

import (
	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/bpfmap"
	"github.com/skepbpf/skep/internal/mem"
	"github.com/skepbpf/skep/vm"
)

var mapRows = []row{
	{abi.MapLookupElem, mapLookup},
	{abi.MapUpdateElem, mapUpdate},
	{abi.MapDeleteElem, mapDelete},
	{abi.MapPushElem, mapPush},
	{abi.MapPopElem, mapPop},
	{abi.MapPeekElem, mapPeek},
	{abi.MapLookupPerCPUElem, mapLookupPerCPU},
	{abi.ForEachMapElem, forEachMapElem},
}

// mapAt is the map whose header is at a.
func mapAt(c *vm.Context, a uint64) bpfmap.Map { return c.Table.Map(mem.Addr(a)) }

func key(m bpfmap.Map, a uint64) []byte { return mem.Addr(a).Bytes(int(m.Def().KeySize)) }

func value(m bpfmap.Map, a uint64) []byte { return mem.Addr(a).Bytes(int(m.Def().ValueSize)) }

// bound is the body of a helper whose map is the same at every call: it need
// not look the map up. Nil means the general body.
func bound(id abi.HelperID, m bpfmap.Map) vm.HelperFunc {
	keySize, valueSize := int(m.Def().KeySize), int(m.Def().ValueSize)
	switch id {
	case abi.MapLookupElem:
		if l, ok := m.(bpfmap.Lookuper); ok {
			return func(c *vm.Context, _, k, _, _, _ uint64) uint64 {
				return uint64(l.Lookup(c.CPU, mem.Addr(k).Bytes(keySize)))
			}
		}
	case abi.MapUpdateElem:
		if u, ok := m.(bpfmap.Updater); ok {
			return func(c *vm.Context, _, k, v, flags, _ uint64) uint64 {
				return result(u.Update(c.CPU, mem.Addr(k).Bytes(keySize), mem.Addr(v).Bytes(valueSize), abi.UpdateFlags(flags)))
			}
		}
	case abi.MapDeleteElem:
		if u, ok := m.(bpfmap.Updater); ok {
			return func(c *vm.Context, _, k, _, _, _ uint64) uint64 {
				return result(u.Delete(c.CPU, mem.Addr(k).Bytes(keySize)))
			}
		}
	}
	return nil
}

func mapLookup(c *vm.Context, r1, r2, _, _, _ uint64) uint64 {
	m := mapAt(c, r1)
	l, ok := m.(bpfmap.Lookuper)
	if !ok {
		return 0
	}
	return uint64(l.Lookup(c.CPU, key(m, r2)))
}

func mapUpdate(c *vm.Context, r1, r2, r3, flags, _ uint64) uint64 {
	m := mapAt(c, r1)
	u, ok := m.(bpfmap.Updater)
	if !ok {
		return abi.EOPNOTSUPP.R0()
	}
	return result(u.Update(c.CPU, key(m, r2), value(m, r3), abi.UpdateFlags(flags)))
}

func mapDelete(c *vm.Context, r1, r2, _, _, _ uint64) uint64 {
	m := mapAt(c, r1)
	u, ok := m.(bpfmap.Updater)
	if !ok {
		return abi.EOPNOTSUPP.R0()
	}
	return result(u.Delete(c.CPU, key(m, r2)))
}

func mapPush(c *vm.Context, r1, r2, flags, _, _ uint64) uint64 {
	m := mapAt(c, r1)
	p, ok := m.(bpfmap.Pusher)
	if !ok {
		return abi.EOPNOTSUPP.R0()
	}
	return result(p.Push(value(m, r2), abi.UpdateFlags(flags)))
}

func mapPop(c *vm.Context, r1, r2, _, _, _ uint64) uint64 {
	m := mapAt(c, r1)
	p, ok := m.(bpfmap.Pusher)
	if !ok {
		return abi.EOPNOTSUPP.R0()
	}
	return result(p.Pop(value(m, r2)))
}

func mapPeek(c *vm.Context, r1, r2, _, _, _ uint64) uint64 {
	m := mapAt(c, r1)
	p, ok := m.(bpfmap.Pusher)
	if !ok {
		return abi.EOPNOTSUPP.R0()
	}
	return result(p.Peek(value(m, r2)))
}

func mapLookupPerCPU(c *vm.Context, r1, r2, cpu, _, _ uint64) uint64 {
	m := mapAt(c, r1)
	l, ok := m.(bpfmap.CPULookuper)
	if !ok {
		return 0
	}
	return uint64(l.LookupCPU(key(m, r2), uint32(cpu)))
}

// forEachMapElem calls back with map, key, value and the program's own
// pointer. Linux 6.18: any answer but 0 ends the walk; flags must be 0.
func forEachMapElem(c *vm.Context, r1, fn, ptr, flags, _ uint64) uint64 {
	if flags != 0 {
		return abi.EINVAL.R0()
	}
	r, ok := mapAt(c, r1).(bpfmap.Ranger)
	if !ok {
		return abi.EOPNOTSUPP.R0()
	}
	n := r.Range(c.CPU, func(k, v mem.Addr) bool {
		r0, ok := c.Call(fn, r1, uint64(k), uint64(v), ptr, 0)
		return ok && r0 == 0
	})
	return uint64(n)
}
