//go:build linux

package abi_test

import (
	"math/bits"
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/skepbpf/skep/abi"
)

// liveBase is a map definition that the running kernel takes, by the table.
func liveBase(t *testing.T, m *abi.MapInfo, inner int) liveMap {
	t.Helper()
	base := liveMap{Type: uint32(m.Type), Key: m.Key.Min, Value: m.Value.Min, Entries: 4, Flags: uint32(m.Required)}
	switch m.Entries {
	case abi.EntriesNone:
		base.Entries = 0
	case abi.EntriesPages:
		base.Entries = uint32(os.Getpagesize())
	}
	if m.Type == abi.ArrayOfMaps || m.Type == abi.HashOfMaps {
		base.InnerFD = uint32(inner)
	}
	if m.NeedsBTF {
		fd, errno := loadIntBTF()
		if errno != 0 {
			t.Fatal("loading BTF:", errno)
		}
		t.Cleanup(func() { unix.Close(fd) })
		base.BTFFd, base.BTFKey, base.BTFValue = uint32(fd), 1, 1
		base.Value = 4
	}
	return base
}

// Sizes, entries, flags and map_extra are legal in the table exactly where the
// running kernel makes the map.
func TestMapsAgainstKernel(t *testing.T) {
	t.Parallel()
	needLive(t)
	inner, errno := liveMap{Type: uint32(abi.Array), Key: 4, Value: 4, Entries: 1}.create()
	if errno != 0 {
		t.Fatal(errno)
	}
	defer unix.Close(inner)
	page := uint32(os.Getpagesize())
	for mt := abi.Hash; mt <= abi.Arena; mt++ {
		if mt == abi.StructOpsMap {
			continue // wants a struct of the kernel as value
		}
		m := mt.Info()
		base := liveBase(t, m, inner)
		if !base.creates() {
			t.Errorf("%v: kernel refuses %+v", mt, base)
			continue
		}
		check := func(what string, n any, x liveMap, want bool) {
			t.Helper()
			if x.creates() != want {
				t.Errorf("%v, %s %v: kernel %v, table %v", mt, what, n, !want, want)
			}
		}
		for _, n := range []uint32{0, 1, 3, 4, 5, 7, 8, 12, 16, 20, 32, 260, 261, 512, 513, 4096} {
			x := base
			x.Key = n
			if !m.NeedsBTF {
				check("key size", n, x, m.Key.Allows(n))
			}
		}
		for _, n := range []uint32{0, 1, 3, 4, 5, 7, 8, 12, 16, 64, 127 * 8, 128 * 8, 4096, 32 << 10, 32<<10 + 1, 65407, 65408} {
			x := base
			x.Value = n
			if !m.NeedsBTF {
				check("value size", n, x, m.Value.Allows(n))
			}
		}
		for _, n := range []uint32{0, 1, 3, 4, page - 1, page, 3 * page, 4 * page} {
			x := base
			x.Entries = n
			want := n > 0
			switch m.Entries {
			case abi.EntriesNone:
				want = n == 0
			case abi.EntriesPages:
				want = n >= page && bits.OnesCount32(n) == 1
			case abi.EntriesCPUs:
				if n > 4 {
					continue // depends on the build
				}
			}
			check("entries", n, x, want)
		}
		for _, n := range []uint64{0, 1, 5, 15, 16, uint64(page)} {
			x := base
			x.Extra = n
			want := n == 0 || m.Extra == abi.ExtraHashes && n < 16 || m.Extra == abi.ExtraAddr && n%uint64(page) == 0
			check("map_extra", n, x, want)
		}
		checkMapFlags(t, m, base)
	}
}

// descriptorFlags say that another attribute holds a descriptor, and are not
// tried.
const descriptorFlags = abi.TokenFD | abi.PathFD | abi.VTypeBTFObjFD

func checkMapFlags(t *testing.T, m *abi.MapInfo, base liveMap) {
	t.Helper()
	for bit := abi.MapFlags(1); bit <= abi.NoUserConv; bit <<= 1 {
		if bit&descriptorFlags != 0 {
			continue
		}
		x := base
		x.Flags ^= uint32(bit)
		if bit == abi.StackBuildID {
			x.Value = 32
		}
		want := m.Flags&bit != 0 && m.Required&bit == 0
		if x.creates() != want {
			t.Errorf("%v, flag %#x: kernel %v, table %v", m.Type, bit, !want, want)
		}
	}
	for _, pair := range []abi.MapFlags{abi.ReadOnly | abi.WriteOnly, abi.ReadOnlyProg | abi.WriteOnlyProg} {
		x := base
		x.Flags |= uint32(pair)
		if x.creates() {
			t.Errorf("%v: kernel takes both of %#x", m.Type, pair)
		}
	}
}

// Every command on elements is refused as unsupported by the running kernel
// only where the table says so, and works only where the table allows it.
func TestMapCommandsAgainstKernel(t *testing.T) {
	t.Parallel()
	needLive(t)
	inner, errno := liveMap{Type: uint32(abi.Array), Key: 4, Value: 4, Entries: 1}.create()
	if errno != 0 {
		t.Fatal(errno)
	}
	defer unix.Close(inner)
	const enotsupp = unix.Errno(abi.ENOTSUPP)
	for mt := abi.Hash; mt <= abi.Arena; mt++ {
		if mt == abi.StructOpsMap {
			continue
		}
		m := mt.Info()
		fd, errno := liveBase(t, m, inner).create()
		if errno != 0 {
			t.Errorf("%v: %v", mt, errno)
			continue
		}
		for op := abi.SysLookup; op <= abi.SysDeleteBatch; op <<= 1 {
			got := command(fd, op)
			if m.Sys&op != 0 && (got == enotsupp || got == unix.EOPNOTSUPP) {
				t.Errorf("%v, command %d: table allows it, kernel says %v", mt, sysCommands[op], got)
			}
			if m.Sys&op == 0 && got != enotsupp && got != unix.EOPNOTSUPP && got != unix.EINVAL {
				t.Errorf("%v, command %d: table forbids it, kernel says %v", mt, sysCommands[op], got)
			}
		}
		unix.Close(fd)
	}
}

// Maps are taken as inner maps exactly where the table says so.
func TestInnerMapsAgainstKernel(t *testing.T) {
	t.Parallel()
	needLive(t)
	for mt := abi.Hash; mt <= abi.Arena; mt++ {
		if mt == abi.StructOpsMap || mt == abi.ArrayOfMaps || mt == abi.HashOfMaps {
			continue
		}
		m := mt.Info()
		fd, errno := liveBase(t, m, -1).create()
		if errno != 0 {
			t.Errorf("%v: %v", mt, errno)
			continue
		}
		outer := liveMap{Type: uint32(abi.ArrayOfMaps), Key: 4, Value: 4, Entries: 1, InnerFD: uint32(fd)}
		if outer.creates() != m.Inner {
			t.Errorf("%v as inner map: table says %v", mt, m.Inner)
		}
		unix.Close(fd)
	}
}

// Sleepable programs use, and programs take the address of values of, exactly
// the maps that the table says.
func TestMapsInProgramsAgainstKernel(t *testing.T) {
	t.Parallel()
	needLive(t)
	inner, errno := liveMap{Type: uint32(abi.Array), Key: 4, Value: 4, Entries: 1}.create()
	if errno != 0 {
		t.Fatal(errno)
	}
	defer unix.Close(inner)
	for mt := abi.Hash; mt <= abi.Arena; mt++ {
		if mt == abi.StructOpsMap {
			continue
		}
		m := mt.Info()
		base := liveBase(t, m, inner)
		if mt == abi.Array {
			base.Entries = 1 // several elements have no one address
		}
		if mt == abi.Arena {
			base.Extra = 1 << 32
		}
		fd, errno := base.create()
		if errno != 0 {
			t.Errorf("%v: %v", mt, errno)
			continue
		}
		load := func(pt abi.ProgType, src uint8) bool {
			p := liveProg{typ: uint32(pt), flags: liveFlags(pt), insns: []slot{
				{op: 0x18, regs: src<<4 | 1, imm: int32(fd)}, {}, {op: 0xb7}, {op: 0x95},
			}}
			errno, _ := p.load()
			return errno == 0
		}
		if got := load(abi.Syscall, 1); got != m.Sleepable {
			t.Errorf("%v in a sleepable program: kernel %v, table %v", mt, got, m.Sleepable)
		}
		if !load(abi.SchedCLS, 1) {
			t.Errorf("%v in a program that does not sleep: kernel refuses", mt)
		}
		if got := load(abi.SchedCLS, 2); got != m.DirectValue {
			t.Errorf("address of a value of %v: kernel %v, table %v", mt, got, m.DirectValue)
		}
		unix.Close(fd)
	}
}
