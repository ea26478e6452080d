package execmem

import (
	"sync"

	"golang.org/x/sys/unix"

	"github.com/skepbpf/skep/internal/mem"
)

// Commands of membarrier, which x/sys does not name.
const (
	syncCore         = 1 << 5
	registerSyncCore = 1 << 6
)

// register tells the kernel, once a process, that flush will ask it for barriers.
var register = sync.OnceValue(func() bool {
	_, _, errno := unix.Syscall(unix.SYS_MEMBARRIER, registerSyncCore, 0, 0)
	return errno == 0
})

// flush makes what was written to rw be what runs at rx: it cleans the lines of
// the data cache, drops those of the instruction cache on every CPU, and has
// the threads of this process forget what they fetched ahead. Where the kernel
// is older than that last service (Linux 4.16), a thread that was not told must
// pass an exception on its way to code whose memory held other code.
func flush(rw []byte, rx mem.Addr) {
	clean(mem.AddrOf(rw), rx, len(rw))
	if register() {
		_, _, _ = unix.Syscall(unix.SYS_MEMBARRIER, syncCore, 0, 0)
	}
}

// clean is the part of flush that instructions do.
//
//go:noescape
func clean(rw, rx mem.Addr, n int)
