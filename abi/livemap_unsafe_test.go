//go:build linux

package abi_test

import (
	"encoding/binary"
	"runtime"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/skepbpf/skep/abi"
)

// liveMap is the head of union bpf_attr for BPF_MAP_CREATE.
type liveMap struct {
	Type, Key, Value, Entries, Flags uint32
	InnerFD                          uint32
	NUMANode                         uint32
	Name                             [16]byte
	Ifindex                          uint32
	BTFFd, BTFKey, BTFValue          uint32
	BTFVmlinuxValue                  uint32
	Extra                            uint64
}

// create asks the running kernel for a map. The caller closes it.
func (m liveMap) create() (int, unix.Errno) {
	fd, _, errno := unix.Syscall(unix.SYS_BPF, unix.BPF_MAP_CREATE,
		uintptr(unsafe.Pointer(&m)), unsafe.Sizeof(m))
	return int(fd), errno
}

// creates reports whether the running kernel makes such a map.
func (m liveMap) creates() bool {
	fd, errno := m.create()
	if errno == 0 {
		unix.Close(fd)
	}
	return errno == 0
}

// batchAttr is the part of union bpf_attr for the batch commands.
type batchAttr struct {
	In, Out, Keys, Values uint64
	Count, FD             uint32
	ElemFlags, Flags      uint64
}

// elemAttr is the part of union bpf_attr for the commands on one element.
type elemAttr struct {
	FD    uint32
	_     uint32
	Key   uint64
	Value uint64
	Flags uint64
}

// sysCommands are the bpf(2) commands on elements.
var sysCommands = map[abi.SysOps]uintptr{
	abi.SysLookup: 1, abi.SysUpdate: 2, abi.SysDelete: 3, abi.SysNext: 4, abi.SysTake: 21,
	abi.SysLookupBatch: 24, abi.SysTakeBatch: 25, abi.SysUpdateBatch: 26, abi.SysDeleteBatch: 27,
}

// command runs one command on a map's elements with zeroed keys and values.
func command(fd int, op abi.SysOps) unix.Errno {
	key, value, next := make([]byte, 4096), make([]byte, 1<<16), make([]byte, 4096)
	if op&(abi.SysLookupBatch|abi.SysTakeBatch|abi.SysUpdateBatch|abi.SysDeleteBatch) != 0 {
		a := batchAttr{Out: addr(next), Keys: addr(key), Values: addr(value), Count: 1, FD: uint32(fd)}
		_, _, errno := unix.Syscall(unix.SYS_BPF, sysCommands[op], uintptr(unsafe.Pointer(&a)), unsafe.Sizeof(a))
		runtime.KeepAlive(next)
		runtime.KeepAlive(key)
		runtime.KeepAlive(value)
		return errno
	}
	a := elemAttr{FD: uint32(fd), Key: addr(key), Value: addr(value)}
	if op == abi.SysNext {
		a.Key, a.Value = 0, addr(next)
	}
	_, _, errno := unix.Syscall(unix.SYS_BPF, sysCommands[op], uintptr(unsafe.Pointer(&a)), unsafe.Sizeof(a))
	runtime.KeepAlive(next)
	runtime.KeepAlive(key)
	runtime.KeepAlive(value)
	return errno
}

// btfAttr is the part of union bpf_attr for BPF_BTF_LOAD.
type btfAttr struct {
	BTF, Log                uint64
	Size, LogSize, LogLevel uint32
}

// loadIntBTF loads BTF with one type: 1 is a 4-byte int.
func loadIntBTF() (int, unix.Errno) {
	le := binary.NativeEndian
	blob := le.AppendUint16(nil, 0xeb9f)
	blob = append(blob, 1, 0)
	for _, v := range []uint32{24, 0, 16, 16, 5} { // header, types, strings
		blob = le.AppendUint32(blob, v)
	}
	for _, v := range []uint32{1, 1 << 24, 4, 1<<24 | 32} { // int, signed, 32 bits
		blob = le.AppendUint32(blob, v)
	}
	blob = append(blob, "\x00int\x00"...)
	a := btfAttr{BTF: addr(blob), Size: uint32(len(blob))}
	fd, _, errno := unix.Syscall(unix.SYS_BPF, 18, uintptr(unsafe.Pointer(&a)), unsafe.Sizeof(a))
	runtime.KeepAlive(blob)
	return int(fd), errno
}

// freeze makes a map read-only for bpf(2), so that the verifier may read it.
func freeze(fd int) unix.Errno {
	a := elemAttr{FD: uint32(fd)}
	_, _, errno := unix.Syscall(unix.SYS_BPF, 22, uintptr(unsafe.Pointer(&a)), 4)
	return errno
}

// loadLockBTF loads BTF with three types: 1 is a 4-byte int, 2 is struct
// bpf_spin_lock, 3 is a struct of such a lock and an int.
func loadLockBTF() (int, unix.Errno) {
	const names = "\x00int\x00bpf_spin_lock\x00val\x00elem\x00lock\x00"
	name := func(s string) uint32 { return uint32(strings.Index(names, "\x00"+s+"\x00") + 1) }
	le := binary.NativeEndian
	var types []byte
	for _, v := range []uint32{
		name("int"), 1 << 24, 4, 1<<24 | 32,
		name("bpf_spin_lock"), 4<<24 | 1, 4, name("val"), 1, 0,
		name("elem"), 4<<24 | 2, 8, name("lock"), 2, 0, name("val"), 1, 32,
	} {
		types = le.AppendUint32(types, v)
	}
	blob := le.AppendUint16(nil, 0xeb9f)
	blob = append(blob, 1, 0)
	for _, v := range []uint32{24, 0, uint32(len(types)), uint32(len(types)), uint32(len(names))} {
		blob = le.AppendUint32(blob, v)
	}
	blob = append(append(blob, types...), names...)
	a := btfAttr{BTF: addr(blob), Size: uint32(len(blob))}
	fd, _, errno := unix.Syscall(unix.SYS_BPF, 18, uintptr(unsafe.Pointer(&a)), unsafe.Sizeof(a))
	runtime.KeepAlive(blob)
	return int(fd), errno
}
