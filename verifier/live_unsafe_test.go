//go:build linux

package verifier_test

import (
	"context"
	"encoding/binary"
	"errors"
	"os"
	"strings"
	"testing"
	"unsafe"

	"github.com/cilium/ebpf/btf"
	"golang.org/x/sys/unix"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/isa"
	"github.com/skepbpf/skep/verifier"
)

// loadAttr is the head of union bpf_attr of BPF_PROG_LOAD.
type loadAttr struct {
	typ, count     uint32
	insns, license uint64
	level, size    uint32
	log            uint64
	version, flags uint32
	name           [16]byte
	ifindex        uint32
	attach         uint32
	_              [9]uint32
	attachID       uint32
	_              [7]uint32
}

// load gives instructions to the running kernel and returns the last line that
// its verifier says, "accept" if it takes them.
func load(t *testing.T, p *image.Program, insns []isa.Insn, attachID uint32) string {
	t.Helper()
	raw := isa.Encode(insns, binary.LittleEndian)
	log, license := make([]byte, 1<<16), []byte("GPL\x00")
	a := loadAttr{
		typ: uint32(p.Type), count: uint32(len(insns)), insns: uint64(uintptr(unsafe.Pointer(&raw[0]))),
		license: uint64(uintptr(unsafe.Pointer(&license[0]))), level: 1, size: uint32(len(log)),
		log: uint64(uintptr(unsafe.Pointer(&log[0]))), flags: uint32(p.Flags), attach: uint32(p.Attach), attachID: attachID,
	}
	for {
		fd, _, errno := unix.Syscall(unix.SYS_BPF, unix.BPF_PROG_LOAD, uintptr(unsafe.Pointer(&a)), unsafe.Sizeof(a))
		switch errno {
		case 0:
			unix.Close(int(fd))
			return "accept"
		case unix.EAGAIN:
			continue
		}
		text, _, _ := strings.Cut(string(log), "\x00")
		last := errno.Error()
		for line := range strings.Lines(text) {
			if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "processed") {
				last = line
			}
		}
		return last
	}
}

// liveTypes are the program types that a kernel with BTF loads without more
// than an attach type.
func liveTypes() []image.Program {
	var list []image.Program
	for t := abi.SocketFilter; t <= abi.Netfilter; t++ {
		switch info := t.Info(); {
		case t == abi.LircMode2 || t == abi.Extension || t == abi.StructOps || t == abi.LSM || info == nil:
		case t == abi.Tracing:
			list = append(list, image.Program{Type: t, Attach: abi.AttachTraceRawTP, AttachTo: "sched_switch"})
		default:
			p := image.Program{Type: t, Attach: info.Default}
			if p.Attach == 0 && len(info.Attach) > 0 {
				p.Attach = info.Attach[0]
			}
			if info.Sleep == abi.SleepMust {
				p.Flags = abi.Sleepable
			}
			list = append(list, p)
		}
	}
	return list
}

// TestRunningKernel compares verdicts and messages with those of the running
// kernel, for every program type: every access to a context, and every helper
// and kernel function with simple arguments. It needs root and Linux 6.18, and
// asks for SKEP_LIVE_KERNEL=1.
func TestRunningKernel(t *testing.T) {
	if os.Getenv("SKEP_LIVE_KERNEL") == "" {
		t.Skip("SKEP_LIVE_KERNEL is not set")
	}
	kern, err := btf.LoadKernelSpec()
	if err != nil {
		t.Skip(err)
	}
	var probe *btf.Typedef
	if err := kern.TypeByName("btf_trace_sched_switch", &probe); err != nil {
		t.Skip(err)
	}
	probeID, _ := kern.TypeID(probe)
	mov := func(r isa.Reg, v int32) isa.Insn {
		return isa.New(isa.AluOp(isa.ClassAlu64, isa.Mov, isa.SrcK), r, 0, 0, v)
	}
	same, all := 0, 0
	compare := func(what string, body []isa.Insn, kfunc string, id btf.TypeID) {
		insns := append(body, mov(isa.R0, 1), isa.New(isa.ExitOp, 0, 0, 0, 0))
		for _, p := range liveTypes() {
			attach := uint32(0)
			if p.Type == abi.Tracing {
				attach = uint32(probeID)
			}
			theirs := append([]isa.Insn(nil), insns...)
			for i := range theirs {
				if theirs[i].Op == isa.CallOp && theirs[i].Src() == isa.CallKfunc {
					theirs[i].Imm = int32(id)
				}
			}
			want := load(t, &p, theirs, attach)
			p.License, p.Insns, p.Funcs = "GPL", insns, []image.Func{{Name: "p"}}
			if kfunc != "" {
				p.Kfuncs = []image.Kfunc{{Name: kfunc}}
			}
			_, err := verifier.Verify(context.Background(), &p, &verifier.Options{KernelTypes: kern})
			got := "accept"
			var e *verifier.Error
			if errors.As(err, &e) {
				got = e.Msg
			}
			all++
			switch {
			case got == want:
				same++
			case got == "accept":
				t.Errorf("%s, %s: accepted, Linux says %q", p.Type, what, want)
			}
		}
	}
	for off := int16(0); off < 200; off++ {
		for _, size := range []isa.Size{isa.SizeB, isa.SizeH, isa.SizeW, isa.SizeDW} {
			compare("load", []isa.Insn{isa.New(isa.MemOp(isa.ClassLdx, isa.ModeMem, size), 3, 1, off, 0)}, "", 0)
			compare("store", []isa.Insn{mov(2, 1), isa.New(isa.MemOp(isa.ClassStx, isa.ModeMem, size), 1, 2, off, 0)}, "", 0)
		}
	}
	args := []isa.Insn{mov(2, 8), mov(3, 8), mov(4, 8), mov(5, 8)}
	for id := int32(1); id <= 211; id++ {
		compare(abi.HelperID(id).String(), append(args[:4:4], isa.New(isa.CallOp, 0, isa.CallHelper, 0, id)), "", 0)
	}
	for typ, err := range kern.All() {
		f, ok := typ.(*btf.Func)
		if err != nil || !ok || len(f.Tags) == 0 || f.Tags[0] != "bpf_kfunc" {
			continue
		}
		id, _ := kern.TypeID(f)
		zeros := []isa.Insn{mov(1, 0), mov(2, 0), mov(3, 0), mov(4, 0), mov(5, 0)}
		compare(f.Name, append(zeros, isa.New(isa.CallOp, 0, isa.CallKfunc, 0, 0)), f.Name, id)
	}
	t.Logf("%d of %d answers are Linux's, word for word", same, all)
	if same*100 < all*99 {
		t.Error("too few")
	}
}
