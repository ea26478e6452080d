package mem

// PageSize is the page size of the layouts that programs and readers share
// (ring buffers, perf rings): that of Linux on amd64, on every machine.
const PageSize = 4096

// Range is n bytes of memory at Base.
type Range struct {
	Base Addr
	Len  uint64
}

// Has reports whether the n bytes at a lie in r.
func (r Range) Has(a Addr, n uint64) bool {
	off := uint64(a - r.Base)
	return a >= r.Base && n <= r.Len && off <= r.Len-n
}

// RangeOf is the memory of b, which must come from this package.
func RangeOf(b []byte) Range {
	if len(b) == 0 {
		return Range{}
	}
	return Range{AddrOf(b), uint64(len(b))}
}
