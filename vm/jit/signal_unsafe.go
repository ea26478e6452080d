//go:build linux && amd64

package jit

import (
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/skepbpf/skep/internal/execmem"
	"github.com/skepbpf/skep/internal/mem"
	"github.com/skepbpf/skep/vm/jit/amd64"
)

// action is the kernel's struct sigaction.
type action struct {
	handler, flags, restorer uintptr
	mask                     uint64
}

// handle puts handlers of SIGSEGV and SIGBUS before Go's, in the arena: they
// send faults of its code to fault and leave all others to Go. undo takes them
// away.
func handle(a *execmem.Arena, fault mem.Addr) (undo func(), err error) {
	lo, hi := a.Range()
	var undos []func()
	undo = func() {
		for _, f := range undos {
			f()
		}
	}
	for _, sig := range []unix.Signal{unix.SIGSEGV, unix.SIGBUS} {
		var before action
		if err := sigaction(sig, nil, &before); err != nil {
			undo()
			return nil, err
		}
		b, err := a.Place(amd64.Handler(uint64(lo), uint64(hi), uint64(fault), uint64(before.handler)))
		if err != nil {
			undo()
			return nil, err
		}
		ours := before
		ours.handler = uintptr(b.Addr())
		if err := sigaction(sig, &ours, nil); err != nil {
			undo()
			return nil, err
		}
		undos = append(undos, func() {
			var now action
			if sigaction(sig, nil, &now) == nil && now.handler == ours.handler {
				_ = sigaction(sig, &before, nil)
			}
		})
	}
	return undo, nil
}

func sigaction(sig unix.Signal, set, old *action) error {
	_, _, errno := unix.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(sig), uintptr(unsafe.Pointer(set)), uintptr(unsafe.Pointer(old)), unsafe.Sizeof(old.mask), 0, 0)
	if errno != 0 {
		return fmt.Errorf("handler of %v: %w", sig, errno)
	}
	return nil
}
