package kernel

import (
	"bytes"
	"encoding/binary"
	"runtime"

	"github.com/skepbpf/skep/abi"
)

// command is a command of bpf(2), numbered as enum bpf_cmd.
type command uintptr

const (
	cmdMapCreate     command = 0
	cmdMapUpdateElem command = 2
	cmdProgLoad      command = 5
	cmdProgTestRun   command = 10
	cmdObjGetInfo    command = 15
	cmdBTFLoad       command = 18
	cmdBTFGetFDByID  command = 19
	cmdMapFreeze     command = 22
	cmdBTFGetNextID  command = 23
)

const (
	attrSize = 160 // more than any of these commands reads in Linux 6.18
	maxName  = 15  // BPF_OBJ_NAME_LEN without the zero byte
	maxTries = 30  // of a command that a signal interrupted
)

// attr is a union bpf_attr in the making. What it points to stays in place
// until done.
type attr struct {
	buf [attrSize]byte
	pin runtime.Pinner
}

func (a *attr) u32(off int, v uint32) { binary.NativeEndian.PutUint32(a.buf[off:], v) }
func (a *attr) u64(off int, v uint64) { binary.NativeEndian.PutUint64(a.buf[off:], v) }
func (a *attr) get32(off int) uint32  { return binary.NativeEndian.Uint32(a.buf[off:]) }

// ptr points to b, to nothing if b is empty.
func (a *attr) ptr(off int, b []byte) {
	if len(b) == 0 {
		return
	}
	a.pin.Pin(&b[0])
	a.u64(off, addressOf(b))
}

// name is an object's name as the kernel takes it: letters, digits, "_" and
// ".", cut to 15 bytes.
func (a *attr) name(off int, s string) {
	clean := bytes.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '_', r == '.':
			return r
		}
		return '_'
	}, []byte(s))
	copy(a.buf[off:off+maxName], clean)
}

// size is the least size that holds what is set: a kernel refuses a bpf_attr
// with set bytes beyond what it knows, and some refuse a longer one that is not
// asked for.
func (a *attr) size() uintptr {
	n := len(bytes.TrimRight(a.buf[:], "\x00"))
	return uintptr(n+7) &^ 7
}

func (a *attr) done() { a.pin.Unpin() }

// call is bpf(2) with a, and undoes the pinning.
func (a *attr) call(cmd command) (int, abi.Errno) {
	defer a.done()
	return bpf(cmd, a)
}
