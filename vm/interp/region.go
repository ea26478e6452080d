package interp

import (
	"github.com/skepbpf/skep/internal/mem"
	"github.com/skepbpf/skep/vm"
)

// region is memory that an unverified program may touch.
type region struct {
	guest uint64 // where the program sees it
	host  mem.Addr
	size  uint64
	write bool
}

// covers reports whether the n bytes at guest address a lie in r.
func (r *region) covers(a, n uint64) bool {
	off := a - r.guest
	return a >= r.guest && n <= r.size && off <= r.size-n
}

// door is the state of one run behind the unverified door.
type door struct {
	c       *vm.Context
	top     mem.Addr // where the run's stack begins
	bctx    uint64
	regions []region
	last    int // where the latest access was found
	helper  *call
}

// call is the helper call under way, for the regions of its callbacks.
type call struct {
	key, value uint64 // sizes
}

// add lets the program touch another n bytes at a.
func (d *door) add(a mem.Addr, n uint64, write bool) {
	if a == 0 || n == 0 {
		return
	}
	for i := range d.regions {
		if r := &d.regions[i]; r.covers(uint64(a), n) && (r.write || !write) {
			return
		}
	}
	d.regions = append(d.regions, region{uint64(a), a, n, write})
}

// remove takes the region that begins at a away.
func (d *door) remove(a mem.Addr) {
	for i := range d.regions {
		if d.regions[i].host == a {
			d.regions = append(d.regions[:i], d.regions[i+1:]...)
			d.last = 0
			return
		}
	}
}

// at is the real address of n bytes at guest address a, if the program may
// touch them.
func (d *door) at(a, n uint64, write bool) (mem.Addr, bool) {
	sp := d.c.Block.SP
	if stack := (region{uint64(sp), sp, uint64(d.top - sp), true}); stack.covers(a, n) {
		return mem.Addr(a), true
	}
	if d.last < len(d.regions) {
		if r := &d.regions[d.last]; r.covers(a, n) && (r.write || !write) {
			return r.host + mem.Addr(a-r.guest), true
		}
	}
	for i := range d.regions {
		if r := &d.regions[i]; r.covers(a, n) && (r.write || !write) {
			d.last = i
			return r.host + mem.Addr(a-r.guest), true
		}
	}
	if v, ok := d.c.Event.(vm.Visible); ok {
		guest, host, size := v.Visible()
		if r := (region{guest, host, uint64(size), true}); r.covers(a, n) {
			return host + mem.Addr(a-guest), true
		}
	}
	return 0, false
}
