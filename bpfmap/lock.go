package bpfmap

import (
	"runtime"

	"github.com/skepbpf/skep/internal/mem"
)

// spinTries is how often a contended lock is read before the goroutine gives
// way: its holder may be a goroutine that the scheduler has put aside.
const spinTries = 64

func spinSlow(a mem.Addr) {
	for {
		for range spinTries {
			if a.LoadU32() == 0 && a.CasU32(0, 1) {
				return
			}
		}
		runtime.Gosched()
	}
}

// seqLock takes a lock word that counts: it is odd while it is held.
func seqLock(a mem.Addr) {
	for {
		for range spinTries {
			if s := a.LoadU32(); s&1 == 0 && a.CasU32(s, s+1) {
				return
			}
		}
		runtime.Gosched()
	}
}

// seqUnlock gives back what seqLock took.
func seqUnlock(a mem.Addr) { a.ReleaseU32(*a.U32() + 1) }

// LockValue takes a struct bpf_spin_lock in a map value, as the helper and
// BPF_F_LOCK do. The word is 0 when free.
func LockValue(a mem.Addr) { spinLock(a) }

// UnlockValue gives back what LockValue took.
func UnlockValue(a mem.Addr) { spinUnlock(a) }
