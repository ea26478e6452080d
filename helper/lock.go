package helper

import (
	"errors"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/bpfmap"
	"github.com/skepbpf/skep/internal/mem"
	"github.com/skepbpf/skep/vm"
)

var lockRows = []row{
	{abi.SpinLock, spinLock},
	{abi.SpinUnlock, spinUnlock},
}

// lockOwner stands for locks in the ledger; the address says which.
type lockOwner struct{}

// errLockTwice ends a run that would wait for itself; the verifier lets no
// such program through.
var errLockTwice = errors.New("spin lock taken twice in one run")

// spinLock takes the lock and enters it into the ledger, so that a run that
// ends before its time unlocks it.
func spinLock(c *vm.Context, lock, _, _, _, _ uint64) uint64 {
	a := mem.Addr(lock)
	if _, again := c.Holder(a).(lockOwner); again {
		c.Abort(errLockTwice)
		return 0
	}
	bpfmap.LockValue(a)
	c.Hold(lockOwner{}, a, unlock)
	return 0
}

func unlock(_ *vm.Context, _ any, a mem.Addr) { bpfmap.UnlockValue(a) }

func spinUnlock(c *vm.Context, lock, _, _, _, _ uint64) uint64 {
	a := mem.Addr(lock)
	if _, ok := c.Drop(a).(lockOwner); ok {
		bpfmap.UnlockValue(a)
	}
	return 0
}
