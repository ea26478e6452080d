package skep

import "sync/atomic"

// refs counts the handles on a resource and frees it with the last one.
type refs struct {
	n    atomic.Int64
	free func() error
}

func newRefs(free func() error) *refs {
	r := &refs{free: free}
	r.n.Store(1)
	return r
}

// add takes a reference unless the resource is gone.
func (r *refs) add() bool {
	for {
		n := r.n.Load()
		if n <= 0 {
			return false
		}
		if r.n.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

// drop gives up a reference; surplus calls do nothing.
func (r *refs) drop() error {
	for {
		n := r.n.Load()
		if n <= 0 {
			return nil
		}
		if r.n.CompareAndSwap(n, n-1) {
			if n == 1 {
				return r.free()
			}
			return nil
		}
	}
}
