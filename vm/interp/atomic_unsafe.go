package interp

import (
	"sync/atomic"
	"unsafe"

	"github.com/skepbpf/skep/internal/mem"
	"github.com/skepbpf/skep/vm/ir"
)

// atomicOp runs an atomic on the memory at a, which is aligned to its size.
// RFC 9669 section 5.3. Go has no 8- and 16-bit atomics and no weaker order
// than the sequential: narrow loads and stores are single accesses, between
// a load and a store that keep their order.
func atomicOp(op ir.Op, a mem.Addr, dst, src, r0 *uint64) {
	if op >= ir.LoadAcq8 {
		acqRel(op, a, dst, src)
		return
	}
	if (op-ir.AtomicAdd32)%2 == 0 {
		atomic32(op, (*uint32)(a.Ptr()), src, r0)
	} else {
		atomic64(op-1, (*uint64)(a.Ptr()), src, r0)
	}
}

func atomic32(op ir.Op, p *uint32, src, r0 *uint64) {
	v := uint32(*src)
	switch op {
	case ir.AtomicAdd32:
		atomic.AddUint32(p, v)
	case ir.AtomicOr32:
		atomic.OrUint32(p, v)
	case ir.AtomicAnd32:
		atomic.AndUint32(p, v)
	case ir.AtomicXor32:
		xor32(p, v)
	case ir.FetchAdd32:
		*src = uint64(atomic.AddUint32(p, v) - v)
	case ir.FetchOr32:
		*src = uint64(atomic.OrUint32(p, v))
	case ir.FetchAnd32:
		*src = uint64(atomic.AndUint32(p, v))
	case ir.FetchXor32:
		*src = uint64(xor32(p, v))
	case ir.Xchg32:
		*src = uint64(atomic.SwapUint32(p, v))
	case ir.CmpXchg32:
		for {
			old := atomic.LoadUint32(p)
			if old != uint32(*r0) || atomic.CompareAndSwapUint32(p, old, v) {
				*r0 = uint64(old)
				return
			}
		}
	}
}

// atomic64 takes the 32-bit form's op.
func atomic64(op ir.Op, p *uint64, src, r0 *uint64) {
	v := *src
	switch op {
	case ir.AtomicAdd32:
		atomic.AddUint64(p, v)
	case ir.AtomicOr32:
		atomic.OrUint64(p, v)
	case ir.AtomicAnd32:
		atomic.AndUint64(p, v)
	case ir.AtomicXor32:
		xor64(p, v)
	case ir.FetchAdd32:
		*src = atomic.AddUint64(p, v) - v
	case ir.FetchOr32:
		*src = atomic.OrUint64(p, v)
	case ir.FetchAnd32:
		*src = atomic.AndUint64(p, v)
	case ir.FetchXor32:
		*src = xor64(p, v)
	case ir.Xchg32:
		*src = atomic.SwapUint64(p, v)
	case ir.CmpXchg32:
		for {
			old := atomic.LoadUint64(p)
			if old != *r0 || atomic.CompareAndSwapUint64(p, old, v) {
				*r0 = old
				return
			}
		}
	}
}

func xor32(p *uint32, v uint32) uint32 {
	for {
		old := atomic.LoadUint32(p)
		if atomic.CompareAndSwapUint32(p, old, old^v) {
			return old
		}
	}
}

func xor64(p *uint64, v uint64) uint64 {
	for {
		old := atomic.LoadUint64(p)
		if atomic.CompareAndSwapUint64(p, old, old^v) {
			return old
		}
	}
}

func acqRel(op ir.Op, a mem.Addr, dst, src *uint64) {
	switch op {
	case ir.LoadAcq8:
		*dst = uint64(narrow(a) >> (a & 3 * 8) & 0xff)
	case ir.LoadAcq16:
		*dst = uint64(narrow(a) >> (a & 3 * 8) & 0xffff)
	case ir.LoadAcq32:
		*dst = uint64(a.LoadU32())
	case ir.LoadAcq64:
		*dst = a.LoadU64()
	case ir.StoreRel8:
		merge(a, 0xff, uint32(uint8(*src)))
	case ir.StoreRel16:
		merge(a, 0xffff, uint32(uint16(*src)))
	case ir.StoreRel32:
		a.StoreU32(uint32(*src))
	case ir.StoreRel64:
		a.StoreU64(*src)
	}
}

// word is the aligned 4-byte word around a: it lies in the same page, so it is
// mapped where a is.
func word(a mem.Addr) *uint32 { return (*uint32)(unsafe.Pointer((a &^ 3).U32())) }

func narrow(a mem.Addr) uint32 { return atomic.LoadUint32(word(a)) }

// merge stores the masked bits at a into their word.
func merge(a mem.Addr, mask, v uint32) {
	p, s := word(a), a&3*8
	for {
		old := atomic.LoadUint32(p)
		if atomic.CompareAndSwapUint32(p, old, old&^(mask<<s)|v<<s) {
			return
		}
	}
}
