//go:build linux && (amd64 || arm64)

package jit

import (
	"testing"

	"golang.org/x/sys/unix"
)

// TestHandlersAreWhatOptionsSay looks at the process's handlers while engines
// come and go.
func TestHandlersAreWhatOptionsSay(t *testing.T) {
	for _, sig := range []unix.Signal{unix.SIGSEGV, unix.SIGBUS} {
		handler := func() uintptr {
			var a action
			if err := sigaction(sig, nil, &a); err != nil {
				t.Fatal(err)
			}
			return a.handler
		}
		before := handler()
		quiet, err := New(&Options{NoSignals: true})
		if err != nil {
			t.Skip(err)
		}
		if handler() != before {
			t.Errorf("%v: an engine without handlers put one", sig)
		}
		loud, err := New(nil)
		if err != nil {
			t.Fatal(err)
		}
		if handler() == before {
			t.Errorf("%v: no handler was put", sig)
		}
		if err := loud.Close(); err != nil || handler() != before {
			t.Errorf("%v: the handler stayed behind: %v", sig, err)
		}
		if err := quiet.Close(); err != nil {
			t.Error(err)
		}
	}
}
