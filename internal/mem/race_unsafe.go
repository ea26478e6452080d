//go:build race

package mem

import (
	"runtime"
	"unsafe"
)

// The race detector sees nothing of memory outside the Go heap, atomics
// included, so it would report what such a lock or flag guards. Each address
// has a stand-in that it does see. Several addresses may share one: that hides
// a race now and then, and never reports one that is not there.
var standIns [1 << 12]uint64

func standIn(a Addr) unsafe.Pointer {
	return unsafe.Pointer(&standIns[uint64(a>>2)*0x9e3779b97f4a7c15>>52])
}

// acquire says that what was released at a has been seen.
func acquire(a Addr) { runtime.RaceAcquire(standIn(a)) }

// release publishes what was done before.
func release(a Addr) { runtime.RaceReleaseMerge(standIn(a)) }
