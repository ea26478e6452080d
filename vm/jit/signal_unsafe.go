//go:build linux && (amd64 || arm64)

package jit

import (
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/skepbpf/skep/internal/execmem"
	"github.com/skepbpf/skep/internal/mem"
)

// action is the kernel's struct sigaction.
type action struct {
	handler, flags, restorer uintptr
	mask                     uint64
}

// handlers are an engine's signal handlers.
type handlers struct{ list []handler }

type handler struct {
	sig          unix.Signal
	before, ours action
}

// handle puts handlers of SIGSEGV and SIGBUS before Go's, in the arena: they
// send faults of its code to fault and leave all others to Go. Those that it
// could put there are returned with an error, too.
func handle(a *execmem.Arena, fault mem.Addr) (*handlers, error) {
	lo, hi := a.Range()
	h := &handlers{}
	for _, sig := range []unix.Signal{unix.SIGSEGV, unix.SIGBUS} {
		n := handler{sig: sig}
		if err := sigaction(sig, nil, &n.before); err != nil {
			return h, err
		}
		b, err := a.Place(handlerCode(uint64(lo), uint64(hi), uint64(fault), uint64(n.before.handler)))
		if err != nil {
			return h, err
		}
		n.ours = n.before
		n.ours.handler = uintptr(b.Addr())
		if err := sigaction(sig, &n.ours, nil); err != nil {
			return h, err
		}
		h.list = append(h.list, n)
	}
	return h, nil
}

// remove takes the handlers away. It is false where one has to stay, because
// another was put before it.
func (h *handlers) remove() bool {
	gone := true
	if h == nil {
		return gone
	}
	for _, n := range h.list {
		var now action
		if sigaction(n.sig, nil, &now) != nil || now.handler != n.ours.handler || sigaction(n.sig, &n.before, nil) != nil {
			gone = false
		}
	}
	return gone
}

func sigaction(sig unix.Signal, set, old *action) error {
	_, _, errno := unix.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(sig), uintptr(unsafe.Pointer(set)), uintptr(unsafe.Pointer(old)), unsafe.Sizeof(old.mask), 0, 0)
	if errno != 0 {
		return fmt.Errorf("handler of %v: %w", sig, errno)
	}
	return nil
}
