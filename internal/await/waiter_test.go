package await

import (
	"errors"
	"os"
	"testing"
	"time"
)

var errFlushed = errors.New("flushed")

func newWaiter() (*Waiter, chan struct{}) {
	notify := make(chan struct{}, 1)
	return New(notify, func() {
		select {
		case notify <- struct{}{}:
		default:
		}
	}, errFlushed), notify
}

// background runs Wait until it returns an error, as a reader without records
// does.
func background(w *Waiter) <-chan error {
	out := make(chan error, 1)
	go func() {
		for {
			if err := w.Wait(); err != nil {
				out <- err
				return
			}
		}
	}()
	return out
}

func TestWhatEndsAWait(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		end  func(*Waiter)
		want error
	}{
		{"closing", func(w *Waiter) { w.Close() }, os.ErrClosed},
		{"flushing", (*Waiter).Flush, errFlushed},
		{"a deadline in the past", func(w *Waiter) { w.SetDeadline(time.Unix(1, 0)) }, os.ErrDeadlineExceeded},
		{"a deadline in a moment", func(w *Waiter) { w.SetDeadline(time.Now().Add(time.Millisecond)) }, os.ErrDeadlineExceeded},
	} {
		for _, when := range []string{"before", "during"} {
			t.Run(c.name+" "+when, func(t *testing.T) {
				t.Parallel()
				w, _ := newWaiter()
				if when == "before" {
					c.end(w)
				}
				got := background(w)
				if when == "during" {
					time.Sleep(time.Millisecond)
					c.end(w)
				}
				select {
				case err := <-got:
					if !errors.Is(err, c.want) {
						t.Errorf("got %v, want %v", err, c.want)
					}
				case <-time.After(10 * time.Second):
					t.Error("the wait goes on")
				}
			})
		}
	}
}

func TestANotificationEndsOneWait(t *testing.T) {
	t.Parallel()
	w, notify := newWaiter()
	notify <- struct{}{}
	if err := w.Wait(); err != nil {
		t.Fatal(err)
	}
	w.Flush()
	if err := w.Wait(); !errors.Is(err, errFlushed) {
		t.Errorf("got %v", err)
	}
	w.SetDeadline(time.Unix(1, 0))
	if err := w.Wait(); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a flush was reported twice: %v", err)
	}
}

func TestCloseIsOnceOnly(t *testing.T) {
	t.Parallel()
	w, _ := newWaiter()
	if w.Closed() || !w.Close() || w.Close() || !w.Closed() {
		t.Error("closing twice is not noticed")
	}
}
