package helper_test

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/cilium/ebpf"
	ebpfasm "github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/btf"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/asm"
	"github.com/skepbpf/skep/bpfmap"
	"github.com/skepbpf/skep/helper"
	"github.com/skepbpf/skep/host"
	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/internal/packet"
	"github.com/skepbpf/skep/isa"
	"github.com/skepbpf/skep/vm"
	"github.com/skepbpf/skep/vm/interp"
)

var record = flag.Bool("record", false, "record what the running kernel's helpers do")

// linuxFile holds what Linux did: a line a case, name, contents of the map io
// and the packet, in hex.
var linuxFile = filepath.Join("testdata", "linux-6.18.txt")

const ioSize = 256

// source is the program of a case. The body leaves a result in r0, which goes
// to io[0], and may use io from 8 on; the text map holds a constant string.
func (lc liveCase) source() string {
	text := make([]byte, 128)
	copy(text, lc.text)
	kfunc := ""
	if lc.kfunc != "" {
		kfunc = ".kfunc " + lc.kfunc + "\n"
	}
	return kfunc + fmt.Sprintf(`
.license "GPL"
.map io array key=4 value=%d entries=1
.map text array key=4 value=128 entries=1 flags=rdonly_prog frozen
.elem text hex 00000000 = hex %x
.elem io hex 00000000 = hex %x
.program main section=xdp
    r6 = r1
%s
    r1 = map[io][0] ll
    *(u64 *)(r1 +0) = r0
    r1 = map[text][0] ll
    r0 = 2
    exit
`, ioSize, text, append(append(make([]byte, 8), lc.in...), make([]byte, ioSize-8-len(lc.in))...), lc.body)
}

// trusting passes the engine for verified programs through the unverified
// door, which knows neither kfuncs nor dynptrs; the kernel has verified the cases.
type trusting struct{ interp.Engine }

func (trusting) ChecksEveryAccess() {}

// outcome is what a case left behind.
type outcome struct{ io, packet string }

func (o outcome) String() string { return o.io + " " + o.packet }

func trim(b []byte) string { return hex.EncodeToString(bytes.TrimRight(b, "\x00")) }

// testPacket is long enough for an Ethernet header and 50 bytes.
func testPacket() []byte {
	p := make([]byte, 64)
	for i := range p {
		p[i] = byte(i + 1)
	}
	return p
}

// runSkep runs a case behind the unverified door.
func runSkep(t *testing.T, lc liveCase) outcome {
	t.Helper()
	coll, err := asm.Parse(lc.name, []byte(lc.source()))
	if err != nil {
		t.Fatalf("%s: %v", lc.name, err)
	}
	img := coll.Program("main")
	table := bpfmap.NewTable(bpfmap.TableOptions{CPUs: 1})
	rt, err := vm.NewRuntime(&vm.RuntimeOptions{Table: table, Host: host.NewFixed(host.FixedOptions{})})
	if err != nil {
		t.Fatal(err)
	}
	opts := &interp.UnverifiedOptions{Helpers: helper.Table(), CtxSize: 24}
	var io []byte
	for _, def := range img.Maps {
		m, err := bpfmap.New(def, bpfmap.Options{Table: table})
		if err != nil {
			t.Fatal(err)
		}
		mem := m.(bpfmap.Memoryer).Memory()
		copy(mem, def.Contents[0].Value)
		if def.Name == "io" {
			io = mem[:ioSize]
		}
		opts.Maps = append(opts.Maps, m)
	}
	p, err := interp.NewUnverified(img, opts)
	if lc.kfunc != "" || strings.HasPrefix(lc.name, "dynptr") {
		p, err = vm.NewUnverified(img, trusting{}, vm.Options{Helpers: opts.Helpers, Maps: opts.Maps})
	}
	if err != nil {
		t.Fatalf("%s: %v", lc.name, err)
	}
	x, err := packet.NewXDP(0)
	if err != nil {
		t.Fatal(err)
	}
	if err := x.Load(testPacket()); err != nil {
		t.Fatal(err)
	}
	r, err := rt.Runner(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Context().Event = x
	bctx, _ := x.Raw()
	if _, err := r.Run(p, bctx); err != nil {
		t.Fatalf("%s: %v", lc.name, err)
	}
	o := outcome{trim(io), hex.EncodeToString(append(append([]byte{}, x.Meta()...), x.Data()...))}
	if err := errors.Join(r.Close(), x.Close()); err != nil {
		t.Fatal(err)
	}
	for _, m := range opts.Maps {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	}
	if err := rt.Close(); err != nil {
		t.Error(err)
	}
	return o
}

// runLinux runs a case in the kernel, and skips where there is none.
func runLinux(t *testing.T, lc liveCase) outcome {
	t.Helper()
	coll, err := asm.Parse(lc.name, []byte(lc.source()))
	if err != nil {
		t.Fatal(err)
	}
	img := coll.Program("main")
	fds := map[*image.Map]*ebpf.Map{}
	for _, def := range img.Maps {
		m, err := ebpf.NewMap(&ebpf.MapSpec{
			Type: ebpf.Array, KeySize: 4, ValueSize: def.ValueSize, MaxEntries: 1, Flags: uint32(def.Flags),
		})
		if err != nil {
			t.Skipf("no map in the kernel: %v", err)
		}
		defer m.Close()
		if err := m.Put(uint32(0), def.Contents[0].Value); err != nil {
			t.Fatal(err)
		}
		if def.Frozen {
			if err := m.Freeze(); err != nil {
				t.Fatal(err)
			}
		}
		fds[def] = m
	}
	insns := append([]isa.Insn(nil), img.Insns...)
	for i, in := range insns {
		if in.IsWide() && (in.Src() == isa.PseudoMapIdx || in.Src() == isa.PseudoMapIdxValue) {
			insns[i].Imm = int32(fds[img.Maps[in.Imm]].FD())
			insns[i] = insns[i].WithRegs(in.Dst(), in.Src()-isa.PseudoMapIdx+isa.PseudoMapFD)
		}
	}
	for i, in := range insns {
		if in.Op == isa.CallOp && in.Src() == isa.CallKfunc {
			insns[i].Imm = kfuncID(t, img.Kfuncs[in.Imm].Name)
		}
	}
	raw := isa.Encode(insns, binary.LittleEndian)
	code, err := ebpfasm.AppendInstructions(nil, bytes.NewReader(raw), binary.LittleEndian, "linux")
	if err != nil {
		t.Fatal(err)
	}
	p, err := ebpf.NewProgram(&ebpf.ProgramSpec{Type: ebpf.XDP, License: "GPL", Instructions: code})
	if errors.Is(err, os.ErrPermission) {
		t.Skipf("no program in the kernel: %v", err)
	}
	if err != nil {
		t.Fatalf("%s: %+v", lc.name, err)
	}
	defer p.Close()
	opts := &ebpf.RunOptions{Data: testPacket(), DataOut: make([]byte, 4096)}
	if _, err := p.Run(opts); err != nil {
		t.Fatalf("%s: %v", lc.name, err)
	}
	var io []byte
	for def, m := range fds {
		if def.Name == "io" {
			if err := m.Lookup(uint32(0), &io); err != nil {
				t.Fatal(err)
			}
		}
	}
	return outcome{trim(io), hex.EncodeToString(opts.DataOut)}
}

var kernelTypes = sync.OnceValues(btf.LoadKernelSpec)

// kfuncID is the number of a kfunc in the running kernel's BTF.
func kfuncID(t *testing.T, name string) int32 {
	t.Helper()
	types, err := kernelTypes()
	if err != nil {
		t.Skipf("no kernel types: %v", err)
	}
	var f *btf.Func
	if err := types.TypeByName(name, &f); err != nil {
		t.Skipf("the kernel has no %s: %v", name, err)
	}
	id, err := types.TypeID(f)
	if err != nil {
		t.Fatal(err)
	}
	return int32(id)
}

func recorded(t *testing.T) map[string]string {
	t.Helper()
	b, err := os.ReadFile(linuxFile)
	if err != nil {
		t.Fatal(err)
	}
	lines := map[string]string{}
	for line := range strings.Lines(string(b)) {
		name, rest, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		if ok {
			lines[name] = rest
		}
	}
	return lines
}

// TestHelpersDoWhatLinuxDid compares with what a kernel was seen to do.
func TestHelpersDoWhatLinuxDid(t *testing.T) {
	t.Parallel()
	want := recorded(t)
	for _, lc := range liveCases() {
		w, ok := want[lc.name]
		if !ok {
			t.Errorf("%s: not recorded; run the tests with -record as root", lc.name)
			continue
		}
		if got := runSkep(t, lc).String(); got != w {
			t.Errorf("%s:\nhere  %s\nLinux %s", lc.name, got, w)
		}
	}
}

// TestLinuxDoesWhatItDid holds the record against the running kernel.
func TestLinuxDoesWhatItDid(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("the kernel's helpers need root")
	}
	if !*record && !has618() {
		t.Skip("the record is of Linux 6.18")
	}
	var out strings.Builder
	for _, lc := range liveCases() {
		fmt.Fprintf(&out, "%s\t%s\n", lc.name, runLinux(t, lc))
	}
	if *record {
		if err := os.WriteFile(linuxFile, []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(linuxFile)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != out.String() {
		t.Errorf("the kernel does not do what is recorded; run with -record and look at the difference")
	}
}

func has618() bool {
	b, err := os.ReadFile("/proc/sys/kernel/osrelease")
	return err == nil && strings.HasPrefix(string(b), "6.18.")
}

// TestBodiesHavePrototypes holds the two tables together.
func TestBodiesHavePrototypes(t *testing.T) {
	t.Parallel()
	table := helper.Table()
	n := 0
	for id, body := range table.ByID {
		if body == nil {
			continue
		}
		n++
		if abi.HelperByID(abi.HelperID(id)) == nil {
			t.Errorf("helper %d has a body and no prototype", id)
		}
	}
	if n < 45 {
		t.Errorf("only %d helpers have bodies", n)
	}
	for name := range table.Kfuncs {
		if abi.KfuncByName(name) == nil {
			t.Errorf("kfunc %s has a body and no prototype", name)
		}
	}
}
