//go:build linux

package abi_test

import (
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/skepbpf/skep/abi"
)

// Exactly those helpers and kernel functions may be called with a lock held
// that the table says.
func TestCallsUnderLockAgainstKernel(t *testing.T) {
	t.Parallel()
	needLive(t)
	types, errno := loadLockBTF()
	if errno != 0 {
		t.Fatal("loading BTF:", errno)
	}
	defer unix.Close(types)
	fd, errno := liveMap{Type: uint32(abi.Array), Key: 4, Value: 8, Entries: 1, BTFFd: uint32(types), BTFKey: 1, BTFValue: 3}.create()
	if errno != 0 {
		t.Fatal("map with a lock:", errno)
	}
	defer unix.Close(fd)
	locked := func(call slot) bool {
		p := liveProg{typ: uint32(abi.SchedCLS), insns: []slot{
			{op: 0x62, regs: 0xa, off: -8},
			{op: 0xbf, regs: 0xa2}, {op: 0x07, regs: 2, imm: -8},
			{op: 0x18, regs: 0x11, imm: int32(fd)}, {},
			{op: 0x85, imm: int32(abi.MapLookupElem)},
			{op: 0x55, off: 2}, {op: 0xb7}, {op: 0x95},
			{op: 0xbf, regs: 0x01}, {op: 0x85, imm: int32(abi.SpinLock)},
			call, {op: 0xb7}, {op: 0x95},
		}}
		_, log := p.load()
		if !strings.Contains(log, "call bpf_spin_lock") && log == "" {
			t.Fatal("no log")
		}
		return !strings.Contains(log, "not allowed while holding a lock") && !strings.Contains(log, "Locking two")
	}
	for id := abi.HelperID(1); id < abi.NumHelpers; id++ {
		h := abi.HelperFor(id, abi.SchedCLS, 0)
		if h == nil || h.Config != "" {
			continue
		}
		if got := locked(slot{op: 0x85, imm: int32(id)}); got != h.LockOK && id != abi.SpinLock {
			t.Errorf("%v with a lock held: kernel %v, table %v", id, got, h.LockOK)
		}
	}
	for name, k := range kernelKfuncs(t) {
		row := abi.KfuncByName(name)
		if row == nil || !row.Allows(abi.SchedCLS, 0) || row.DevBound {
			continue
		}
		if got := locked(slot{op: 0x85, regs: 0x20, imm: int32(k.id)}); got != row.Has(abi.KfLockOK) {
			t.Errorf("%s with a lock held: kernel %v, table %v", name, got, row.Has(abi.KfLockOK))
		}
	}
}
