//go:build linux

package abi_test

import (
	"cmp"
	"encoding/binary"
	"runtime"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// progAttr is the head of union bpf_attr for BPF_PROG_LOAD.
type progAttr struct {
	Type        uint32
	InsnCnt     uint32
	Insns       uint64
	License     uint64
	LogLevel    uint32
	LogSize     uint32
	LogBuf      uint64
	KernVersion uint32
	Flags       uint32
	Name        [16]byte
	Ifindex     uint32
	Attach      uint32
	BTFFd       uint32
	FuncRecSize uint32
	FuncInfo    uint64
	FuncCnt     uint32
	LineRecSize uint32
	LineInfo    uint64
	LineCnt     uint32
	AttachBTF   uint32
	AttachProg  uint32
	_           uint32
	FdArray     uint64
}

// slot is one instruction in wire format.
type slot struct {
	op   uint8
	regs uint8 // dst in the low nibble, src in the high one
	off  int16
	imm  int32
}

// liveProg is a load request to the running kernel.
type liveProg struct {
	typ, attach, flags uint32
	insns              []slot
	level              uint32 // of the log, 0 for 1
	license            string // "" for GPL
	quiet              bool   // no log
}

// load asks the running kernel to verify p, and closes what it gets. The error
// is the errno, 0 for success.
func (p liveProg) load() (unix.Errno, string) {
	code := make([]byte, 8*len(p.insns))
	for i, in := range p.insns {
		b := code[8*i:]
		b[0], b[1] = in.op, in.regs
		binary.NativeEndian.PutUint16(b[2:], uint16(in.off))
		binary.NativeEndian.PutUint32(b[4:], uint32(in.imm))
	}
	license := []byte(cmp.Or(p.license, "GPL") + "\x00")
	log := make([]byte, 4096)
	if p.level > 1 {
		log = make([]byte, 64<<10)
	}
	attr := progAttr{
		Type: p.typ, Attach: p.attach, Flags: p.flags,
		InsnCnt: uint32(len(p.insns)), Insns: addr(code), License: addr(license),
		LogLevel: max(1, p.level), LogSize: uint32(len(log)), LogBuf: addr(log),
	}
	if p.quiet {
		attr.LogLevel, attr.LogSize, attr.LogBuf = 0, 0, 0
	}
	var fd uintptr
	errno := unix.EAGAIN
	for errno == unix.EAGAIN || errno == unix.EINTR { // a signal ends a verification
		log[0] = 0
		fd, _, errno = unix.Syscall(unix.SYS_BPF, unix.BPF_PROG_LOAD,
			uintptr(unsafe.Pointer(&attr)), unsafe.Sizeof(attr))
	}
	runtime.KeepAlive(code)
	runtime.KeepAlive(license)
	if errno == 0 {
		unix.Close(int(fd))
	}
	text, _, _ := strings.Cut(string(log), "\x00")
	return errno, text
}

func addr(b []byte) uint64 { return uint64(uintptr(unsafe.Pointer(&b[0]))) }

// needLive skips where the running kernel is not the reference release or may
// not be asked.
func needLive(t *testing.T) {
	t.Helper()
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		t.Skip("uname:", err)
	}
	rel := unix.ByteSliceToString(u.Release[:])
	if !strings.HasPrefix(rel, "6.18.") {
		t.Skipf("running kernel is %s, the tables are those of 6.18", rel)
	}
	errno, _ := liveProg{typ: 1, insns: []slot{{op: 0xb7}, {op: 0x95}}}.load()
	if errno != 0 {
		t.Skip("bpf(2) is not available:", errno)
	}
}
