package kernel

import (
	"fmt"
	"runtime"

	"golang.org/x/sys/unix"
)

// withCaps runs f on a thread of its own whose effective capabilities are those
// in mask that the process may have.
func withCaps(mask uint64, f func()) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread()
		header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
		var had [2]unix.CapUserData
		if err := unix.Capget(&header, &had[0]); err != nil {
			done <- fmt.Errorf("capabilities: %w", err)
			return
		}
		few := had
		for i := range few {
			few[i].Effective = few[i].Permitted & uint32(mask>>(32*i))
		}
		if err := unix.Capset(&header, &few[0]); err != nil {
			done <- fmt.Errorf("capabilities: %w", err)
			return
		}
		f()
		err := unix.Capset(&header, &had[0])
		if err == nil {
			// Otherwise the thread ends with the goroutine.
			runtime.UnlockOSThread()
		}
		done <- nil
	}()
	return <-done
}
