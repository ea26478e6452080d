package skep

import "sync/atomic"

// refs counts the users of a resource and frees it with the last one.
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

// drop gives up a reference.
func (r *refs) drop() error {
	switch n := r.n.Add(-1); {
	case n > 0:
		return nil
	case n == 0:
		return r.free()
	}
	panic("BUG: more references given up than taken")
}

// handle is one of the owners of a resource: it gives up its reference once.
type handle struct {
	refs   *refs
	closed atomic.Bool
}

func newHandle(free func() error) *handle { return &handle{refs: newRefs(free)} }

// clone is another owner, nil if this one has been closed.
func (h *handle) clone() *handle {
	if h.closed.Load() || !h.refs.add() {
		return nil
	}
	return &handle{refs: h.refs}
}

// use keeps the resource for the length of an operation; done ends it.
func (h *handle) use() bool { return !h.closed.Load() && h.refs.add() }

func (h *handle) done() { _ = h.refs.drop() }

func (h *handle) close() error {
	if h.closed.Swap(true) {
		return nil
	}
	return h.refs.drop()
}
