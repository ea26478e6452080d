package vm_test

import (
	"bytes"
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/bpfmap"
	"github.com/skepbpf/skep/host"
	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/internal/corpus"
	"github.com/skepbpf/skep/internal/packet"
	"github.com/skepbpf/skep/vm"
	"github.com/skepbpf/skep/vm/interp"
)

// TestXDPProgramsDoWhatTheyDoInLinux runs the XDP programs of the objects in
// the folder that SKEP_ORACLE_OBJS names here and in the kernel, each on the
// same packets, and compares verdicts and bytes.
func TestXDPProgramsDoWhatTheyDoInLinux(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("not root")
	}
	objs := corpus.Open(t, "*.bpf.o")
	ran := 0
	// addresses are objects whose programs return addresses or what an earlier
	// program left on the stack.
	addresses := map[string]bool{"legacy_calls.057.bpf.o": true, "legacy_calls.058.bpf.o": true, "legacy_calls.069.bpf.o": true}
	for file, coll := range objs.Objects() {
		if addresses[file] {
			continue
		}
		for _, img := range coll.Programs {
			if img.Type != abi.XDP || img.Attach != 0 && img.Attach != abi.AttachXDP {
				continue
			}
			if compareXDP(t, file, coll, img, objs.Types) {
				ran++
			}
		}
	}
	t.Logf("%d programs", ran)
}

func packets() [][]byte {
	r := rand.New(rand.NewPCG(7, 8))
	all := [][]byte{make([]byte, 64)}
	for _, n := range []int{14, 15, 60, 128, 1500} {
		p := make([]byte, n)
		for i := range p {
			p[i] = byte(r.Uint32())
		}
		if n > 34 { // IPv4 or IPv6 with a plausible header
			copy(p[12:], []byte{8, 0, 0x45, 0, 0, byte(n - 14)})
			p[23] = []byte{6, 17, 1}[r.IntN(3)]
		}
		all = append(all, p)
	}
	return all
}

// compareXDP is false if the program does not run at one of the two places.
func compareXDP(t *testing.T, file string, coll *image.Collection, img *image.Program, types *btf.Spec) bool {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	l := &loner{
		engine: interp.Engine{},
		t:      t, ctx: ctx, coll: coll, types: types, table: bpfmap.NewTable(bpfmap.TableOptions{CPUs: 2}),
		maps: map[*image.Map]bpfmap.Map{}, progs: map[string]*vm.Program{},
	}
	rt, err := vm.NewRuntime(&vm.RuntimeOptions{Table: l.table, Host: host.NewReal(host.RealOptions{})})
	if err != nil {
		t.Fatal(err)
	}
	defer rt.Close()
	defer func() {
		for _, m := range l.maps {
			_ = m.Close()
		}
	}()
	here := l.program(img)
	if here == nil || !l.fill() {
		return false
	}
	spec, err := ebpf.LoadCollectionSpec(file)
	if err != nil {
		return false
	}
	for name := range spec.Programs {
		if name != img.Name {
			delete(spec.Programs, name)
		}
	}
	there, err := ebpf.NewCollection(spec)
	if err != nil {
		return false
	}
	defer there.Close()
	r, err := rt.Runner(ctx, &vm.RunOptions{Budget: 1 << 28})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for i, pkt := range packets() {
		opts := &ebpf.RunOptions{Data: pkt, DataOut: make([]byte, 8192)}
		want, err := there.Programs[img.Name].Run(opts)
		if err != nil {
			return false
		}
		x, err := packet.NewXDP(len(pkt))
		if err != nil {
			t.Fatal(err)
		}
		if err := x.Load(pkt); err != nil {
			t.Fatal(err)
		}
		x.SetInput(1, 0)
		r.Context().Event = x
		got, err := r.Run(here, x.Ctx())
		if err != nil {
			t.Errorf("%s: %s: %v", filepath.Base(file), img.Name, err)
		}
		out := append(append([]byte{}, x.Meta()...), x.Data()...)
		if uint32(got) != want || !bytes.Equal(out, opts.DataOut) {
			t.Errorf("%s: %s on packet %d: verdict %d, Linux %d; %d bytes, Linux %d, equal %v",
				filepath.Base(file), img.Name, i, uint32(got), want, len(out), len(opts.DataOut), bytes.Equal(out, opts.DataOut))
		}
		_ = x.Close()
	}
	return true
}
