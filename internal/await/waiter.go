package await

import (
	"os"
	"sync"
	"time"
)

// Waiter blocks one reader at a time. Its zero value is not usable; see New.
type Waiter struct {
	notify  <-chan struct{}
	wake    func()
	flushed error // what a flush makes Wait return

	closed chan struct{}
	mu     sync.Mutex
	// Guarded by mu.
	deadline time.Time
	flushing bool
	done     bool
}

// New makes a Waiter on a channel that has a value when records may have come;
// wake puts one there.
func New(notify <-chan struct{}, wake func(), flushed error) *Waiter {
	return &Waiter{notify: notify, wake: wake, flushed: flushed, closed: make(chan struct{})}
}

// Wait returns nil when records may have come, and the reason to stop reading
// otherwise: os.ErrClosed, os.ErrDeadlineExceeded, or the flush error, once.
// The caller has found no record just before.
func (w *Waiter) Wait() error {
	w.mu.Lock()
	if w.done {
		w.mu.Unlock()
		return os.ErrClosed
	}
	if w.flushing {
		w.flushing = false
		w.mu.Unlock()
		return w.flushed
	}
	deadline := w.deadline
	w.mu.Unlock()

	var expired <-chan time.Time
	if !deadline.IsZero() {
		left := time.Until(deadline)
		if left <= 0 {
			return os.ErrDeadlineExceeded
		}
		t := time.NewTimer(left)
		defer t.Stop()
		expired = t.C
	}
	select {
	case <-w.notify:
	case <-expired:
		// A record that asked for no wake-up may be there: the caller looks
		// once more and comes back with no time left.
	case <-w.closed:
		return os.ErrClosed
	}
	return nil
}

// SetDeadline limits waits, the current one included; the zero time means for
// ever.
func (w *Waiter) SetDeadline(t time.Time) {
	w.mu.Lock()
	w.deadline = t
	w.mu.Unlock()
	w.wake()
}

// Flush makes the next Wait return the flush error.
func (w *Waiter) Flush() {
	w.mu.Lock()
	w.flushing = true
	w.mu.Unlock()
	w.wake()
}

// Close ends all waits; it is false if that was done before.
func (w *Waiter) Close() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.done {
		return false
	}
	w.done = true
	close(w.closed)
	return true
}

// Closed reports whether Close was called.
func (w *Waiter) Closed() bool {
	select {
	case <-w.closed:
		return true
	default:
		return false
	}
}
