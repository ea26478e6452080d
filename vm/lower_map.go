package vm

import (
	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/bpfmap"
	"github.com/skepbpf/skep/internal/mem"
	"github.com/skepbpf/skep/vm/ir"
)

// Package ir says again what bpfmap lays out: it knows no maps.
var _ = [1]struct{}{}[(ir.ElemNext-bpfmap.ElemNext)|(ir.ElemHash-bpfmap.ElemHash)|(ir.ElemRef-bpfmap.ElemRef)|
	(ir.ElemKey-bpfmap.ElemKey)|(ir.HeadShift-bpfmap.HeadShift)|(ir.HeadTagShift-bpfmap.HeadTagShift)|
	(ir.ElemLockStride-bpfmap.LockStride)|(ir.HashK-bpfmap.HashK)|
	(ir.HeaderMask-bpfmap.HdrMask)|(ir.HeaderBase-bpfmap.HdrBase)|(ir.HeaderLock-bpfmap.HdrLock)|(ir.HeaderPending-bpfmap.HdrRingPending)|
	(ir.RingBusy-bpfmap.RingBufBusy)|(ir.RingDiscard-bpfmap.RingBufDiscard)|(ir.RingNoWakeup-int(bpfmap.NoWakeup))|(ir.RingPages-bpfmap.RingMetaPages)|
	(ir.NodeChild-bpfmap.NodeChild)|(ir.NodeLen-bpfmap.NodeLen)|(ir.NodeInner-bpfmap.NodeInner)|
	(ir.NodeWords-bpfmap.NodeWords)|(ir.TrieTablePrefix-bpfmap.TrieTablePrefix)|(ir.TrieTableMask-bpfmap.TrieTableMask)|
	(ir.TrieTableSkip-bpfmap.TrieTableSkip)|(ir.TrieTableShift-bpfmap.TrieTableShift)|(ir.TrieTableLen-bpfmap.TrieTableLen)|
	(ir.TrieTableEntries-bpfmap.TrieTableEntries)|(ir.TrieEntryNode-bpfmap.TrieEntryNode)|(ir.TrieEntryValue-bpfmap.TrieEntryValue)|
	(ir.TrieEntrySize-bpfmap.TrieEntrySize)]

// mapLayout tells engines how to act on m without calling Go.
func mapLayout(m bpfmap.Map) ir.MapLayout {
	d := m.Def()
	h := m.Header()
	l := ir.MapLayout{Header: uint64(h), KeySize: d.KeySize, ValueSize: d.ValueSize, MaxEntries: m.MaxEntries()}
	switch d.Type {
	case abi.Array:
		l.Kind = ir.MapArray
	case abi.PerCPUArray:
		l.Kind = ir.MapPerCPUArray
	case abi.ArrayOfMaps:
		l.Kind = ir.MapArrayOfMaps
	case abi.ProgArray:
		l.Kind = ir.MapPrograms
	case abi.Hash, abi.LRUHash, abi.PerCPUHash, abi.LRUPerCPUHash, abi.HashOfMaps:
		l.Kind, l.Hash = ir.MapHash, hashLayout(h, d.Type)
	case abi.LPMTrie:
		l.Kind, l.Trie = ir.MapTrie, &ir.TrieLayout{
			Root:     *(h + bpfmap.HdrBase).U64(),
			Table:    uint64(h + bpfmap.HdrBuckets),
			ValueOff: *(h + bpfmap.HdrValueOff).U32(),
		}
	case abi.RingBuf:
		if r, ok := m.(*bpfmap.RingBuf); !ok || !r.Mirrored() {
			return l
		}
		l.Kind, l.Mask = ir.MapRing, *(h + bpfmap.HdrMask).U32()
	default:
		return l
	}
	l.Base = *(h + bpfmap.HdrBase).U64()
	l.Stride = uint64(*(h + bpfmap.HdrStride).U32())
	l.CPUStride = *(h + bpfmap.HdrCPUStride).U64()
	return l
}

func hashLayout(h mem.Addr, t abi.MapType) *ir.HashLayout {
	l := &ir.HashLayout{
		Heads:    *(h + bpfmap.HdrBuckets).U64(),
		Mask:     *(h + bpfmap.HdrMask).U32(),
		LockMask: *(h + bpfmap.HdrHashLockMax).U32(),
		Locks:    *(h + bpfmap.HdrHashLocks).U64(),
		Seed:     *(h + bpfmap.HdrSeed).U64(),
		ValueOff: *(h + bpfmap.HdrValueOff).U32(),
		Mark:     t == abi.LRUHash || t == abi.LRUPerCPUHash,
	}
	switch t {
	case abi.PerCPUHash, abi.LRUPerCPUHash:
		l.Value = ir.HashPerCPU
	case abi.HashOfMaps:
		l.Value = ir.HashOfMaps
	}
	return l
}
