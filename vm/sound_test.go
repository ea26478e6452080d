package vm_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/cilium/ebpf/btf"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/bpfmap"
	"github.com/skepbpf/skep/helper"
	"github.com/skepbpf/skep/host"
	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/internal/corpus"
	"github.com/skepbpf/skep/internal/packet"
	"github.com/skepbpf/skep/verifier"
	"github.com/skepbpf/skep/vm"
	"github.com/skepbpf/skep/vm/interp"
)

// TestAcceptedProgramsStayInTheirMemory runs programs that the verifier
// accepts, of the objects in the folder that SKEP_ORACLE_OBJS names, behind
// the unverified door: none may leave its regions there.
func TestAcceptedProgramsStayInTheirMemory(t *testing.T) {
	objs := corpus.Open(t, "*.bpf.o")
	ran := 0
	for file, coll := range objs.Objects() {
		for _, img := range coll.Programs {
			err, ok := runChecked(t, img, objs.Types)
			if !ok {
				continue
			}
			ran++
			var fault *vm.Fault
			if errors.As(err, &fault) {
				t.Errorf("%s: %s (%v): %v", file, img.Name, img.Type, err)
			}
		}
	}
	t.Logf("%d programs", ran)
}

// ownMemory reports whether all memory of an accepted program is its own:
// stack, maps, and a context that can be made up.
func ownMemory(img *image.Program, p *verifier.Program) bool {
	for i := range img.Insns {
		switch f := p.Fact(i); f.Mem {
		case verifier.KindProbe, verifier.KindArena, verifier.KindSock, verifier.KindFlowKeys, verifier.KindMapObject:
			return false
		case verifier.KindCtx:
			if img.Type != abi.XDP && img.Type != abi.Syscall {
				return false
			}
		}
	}
	return true
}

func runChecked(t *testing.T, img *image.Program, types *btf.Spec) (err error, ok bool) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	p, err := verifier.Verify(ctx, img, &verifier.Options{KernelTypes: types, CPUs: 2, MaxInsns: 100_000})
	if err != nil || !ownMemory(img, p) {
		return nil, false
	}
	table := bpfmap.NewTable(bpfmap.TableOptions{CPUs: 2})
	rt, err := vm.NewRuntime(&vm.RuntimeOptions{Table: table, Host: host.NewFixed(host.FixedOptions{})})
	if err != nil {
		t.Fatal(err)
	}
	defer rt.Close()
	const ctxSize = 1024
	opts := &interp.UnverifiedOptions{Helpers: helper.Table(), CtxSize: ctxSize}
	defer func() {
		for _, m := range opts.Maps {
			_ = m.Close()
		}
	}()
	for _, def := range img.Maps {
		m, err := bpfmap.New(def, bpfmap.Options{Table: table})
		if err != nil {
			return nil, false
		}
		opts.Maps = append(opts.Maps, m)
		for _, e := range def.Contents {
			if s, ok := m.(bpfmap.Syscaller); ok && e.Value != nil {
				s.SysUpdate(e.Key, e.Value, abi.UpdateAny)
			}
		}
	}
	if img.Type == abi.XDP {
		opts.CtxSize = 24
	}
	ready, err := interp.NewUnverified(img, opts)
	if err != nil {
		return nil, false
	}
	r, err := rt.Runner(ctx, &vm.RunOptions{Budget: 1 << 22})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if img.Type != abi.XDP {
		bctx, _ := memory(t, ctxSize)
		r.Context().Event = zeroPacket{}
		_, err = r.Run(ready, bctx)
		return err, true
	}
	for _, pkt := range packets() {
		x, err := packet.NewXDP(len(pkt))
		if err != nil {
			t.Fatal(err)
		}
		if err := x.Load(pkt); err != nil {
			t.Fatal(err)
		}
		r.Context().Event = x
		bctx, _ := x.Raw()
		_, err = r.Run(ready, bctx)
		_ = x.Close()
		if err != nil {
			return err, true
		}
	}
	return nil, true
}
