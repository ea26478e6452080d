package difftest

import (
	"context"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"slices"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/bpfmap"
	"github.com/skepbpf/skep/helper"
	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/isa"
	"github.com/skepbpf/skep/kernel"
	"github.com/skepbpf/skep/verifier"
	"github.com/skepbpf/skep/vm"
	"github.com/skepbpf/skep/vm/interp"
)

// AgreeKernel verifies img and, if it is accepted by skep and by the running
// kernel, runs it on the interpreter, on all engines, and in the kernel with
// BPF_PROG_TEST_RUN, each time with equal maps and an equal packet. What is
// compared is the result's low 32 bits, the packet, and maps whose elements
// user space can list. The error is a *Disagreement.
//
// Programs that nobody wrote belong on the kernel of a virtual machine.
func AgreeKernel(ctx context.Context, img *image.Program, engines []NamedEngine, opts *Options, t *EngineTally) error {
	if img.Type != abi.XDP && !seesSKB(img.Type) {
		t.Unfit++
		return nil
	}
	o := *opts
	if o.MaxInsns == 0 {
		o.MaxInsns = 20_000
	}
	if o.MaxSteps == 0 {
		o.MaxSteps = 1 << 20
	}
	walk := &verifier.Walk{}
	proof, err := verifier.Verify(ctx, img, &verifier.Options{KernelTypes: o.Types, CPUs: 2, MaxInsns: o.MaxInsns, Walk: walk})
	if err != nil {
		t.Refused++
		return nil
	}
	c := &check{img: img, opts: &o, proof: proof, tally: &Tally{}}
	if !c.ownMemory() || !comparable32(img) || comparesAddresses(walk, img) {
		t.Unfit++
		return nil
	}
	for i := range max(o.Runs, 1) {
		if err := c.kernelRun(ctx, o.Seed+uint64(i), engines, t); err != nil {
			return err
		}
	}
	t.Programs++
	return nil
}

// comparable32 reports whether a test run can show what a program does.
func comparable32(img *image.Program) bool {
	hashes := false
	for _, m := range img.Maps {
		switch m.Type {
		case abi.Hash, abi.PerCPUHash, abi.LRUHash, abi.LRUPerCPUHash:
			hashes = true
		case abi.ArrayOfMaps, abi.HashOfMaps, abi.CgroupStorage, abi.PerCPUCgroupStorage:
			return false
		}
	}
	for _, in := range img.Insns {
		if in.Op != isa.CallOp || in.Src() != isa.CallHelper {
			continue
		}
		// The order of a hash's elements is its own.
		if id := abi.HelperID(in.Imm); unpredictable[id] || id == abi.ForEachMapElem && hashes {
			return false
		}
	}
	return true
}

// comparesAddresses reports whether a jump depends on what number an address is:
// those of kernels are negative, ours are not.
func comparesAddresses(w *verifier.Walk, img *image.Program) bool {
	for i := range w.Visits {
		v := &w.Visits[i]
		if len(v.Frames) == 0 {
			continue
		}
		in := img.Insns[v.Slot]
		c := in.Op.Class()
		if c != isa.ClassJmp && c != isa.ClassJmp32 || in.Op.Code() == isa.JA || in.Op.Code() == isa.Call || in.Op.Code() == isa.Exit {
			continue
		}
		regs := &v.Frames[len(v.Frames)-1].Regs
		a, b := regs[in.Dst()].Kind, verifier.ValueNumber
		if in.Op.IsX() {
			b = regs[in.Src()].Kind
		}
		null := !in.Op.IsX() && in.Imm == 0 && c == isa.ClassJmp && (in.Op.Code() == isa.JEq || in.Op.Code() == isa.JNe)
		packet := inPacket(a) && inPacket(b)
		if !null && !packet && (a > verifier.ValueNumber || b > verifier.ValueNumber) {
			return true
		}
	}
	return false
}

func inPacket(k verifier.ValueKind) bool {
	return k == verifier.ValuePacket || k == verifier.ValuePacketMeta || k == verifier.ValuePacketEnd
}

// unpredictable are helpers that answer otherwise each time, or by where the
// program runs.
var unpredictable = map[abi.HelperID]bool{
	abi.GetPrandomU32: true, abi.KtimeGetNS: true, abi.KtimeGetBootNS: true, abi.KtimeGetCoarseNS: true, abi.KtimeGetTAINS: true,
	abi.Jiffies64: true, abi.GetCurrentPIDTGID: true, abi.GetCurrentUIDGID: true, abi.GetCurrentComm: true, abi.GetCurrentCgroupID: true,
}

// kernelRun compares one run.
func (c *check) kernelRun(ctx context.Context, seed uint64, engines []NamedEngine, t *EngineTally) error {
	run := func(e vm.Engine, other uint64) (string, error) { return c.visible(ctx, e, seed, other) }
	want, err := run(interp.Engine{}, 0)
	if err != nil {
		t.Ended++
		return nil
	}
	if c.hidden(ctx, want, seed) {
		t.Leaky++
		return nil
	}
	for _, e := range engines {
		got, err := run(e.Engine, 0)
		if err != nil {
			got = err.Error()
		}
		if got != want {
			return &Disagreement{Program: c.img.Name, Seed: seed, Engine: e.Name, Want: want, Got: got}
		}
	}
	got, err := c.inKernel(ctx, seed)
	if err != nil {
		t.Unfit++
		return nil
	}
	t.Runs++
	if got != want {
		return &Disagreement{Program: c.img.Name, Seed: seed, Engine: "kernel", Want: want, Got: got}
	}
	return nil
}

// hidden reports whether what a run shows depends on what no two worlds have
// in common, as leaky does.
func (c *check) hidden(ctx context.Context, want string, seed uint64) bool {
	defer c.occupy(seed)()
	for i, poison := range []byte{0x11, 0xc6, 0xff} {
		if again, err := c.visible(ctx, interp.Engine{Poison: poison}, seed, uint64(i+1)); err != nil || again != want {
			return true
		}
	}
	return false
}

// visible is what a run on an engine shows to user space.
func (c *check) visible(ctx context.Context, e vm.Engine, seed, other uint64) (string, error) {
	w, r, err := emptyWorld(c.img, seed, other)
	defer w.close()
	if err != nil {
		return "", err
	}
	if err := w.makeNative(r); err != nil {
		return "", err
	}
	p, err := vm.New(c.proof, vm.Options{Engine: e, Helpers: helper.Table(), Maps: w.maps})
	if err != nil {
		return "", err
	}
	defer p.Close()
	w.holdItself(p)
	if w.xdp != nil {
		w.xdp.SetInput(1, 0)
	}
	r0, err := w.run(ctx, p, c.opts.MaxSteps)
	if err != nil {
		return "", err
	}
	return shown(uint32(r0), w.packetBytes(), w.listing()), nil
}

// shown is what user space sees, in words.
func shown(result uint32, pkt []byte, maps string) string {
	h := fnv.New64a()
	h.Write(pkt)
	return fmt.Sprintf("result %#x, %d bytes of packet %x, maps %s", result, len(pkt), h.Sum64(), maps)
}

// packetBytes is the packet as it is, with its metadata.
func (w *world) packetBytes() []byte {
	if w.xdp != nil {
		return append(w.xdp.Meta(), w.xdp.Data()...)
	}
	return w.native.Data()
}

// lister is a map whose elements user space can list.
type lister interface {
	NextKey(prev, next []byte) abi.Errno
	ValueLen() int
}

// elements calls f with each element of a map, in the map's order.
func elements(m lister, keySize uint32, lookup func(key, value []byte) abi.Errno, f func(key, value []byte)) {
	var prev []byte
	for range 1024 {
		key, value := make([]byte, keySize), make([]byte, m.ValueLen())
		if m.NextKey(prev, key) != 0 {
			return
		}
		if lookup(key, value) == 0 {
			f(key, value)
		}
		prev = key
	}
}

// listable reports whether user space sees all of a map.
func listable(def *image.Map) bool {
	switch def.Type {
	case abi.Array, abi.PerCPUArray, abi.Hash, abi.PerCPUHash, abi.LRUHash, abi.LRUPerCPUHash, abi.LPMTrie:
		return true
	}
	return false
}

// digestOf is a number for a map's elements in any order. Only the first CPU's
// values count.
func digestOf(def *image.Map, each func(f func(key, value []byte))) string {
	n, sum := 0, uint64(0)
	each(func(key, value []byte) {
		h := fnv.New64a()
		h.Write(key)
		h.Write(value[:def.ValueSize])
		sum += h.Sum64()
		n++
	})
	return fmt.Sprintf("%s: %d elements %x; ", def.Name, n, sum)
}

// listing is what user space sees of the world's maps.
func (w *world) listing() (text string) {
	for _, m := range w.maps {
		s, ok := m.(bpfmap.Syscaller)
		if !ok || !listable(m.Def()) {
			continue
		}
		text += digestOf(m.Def(), func(f func(key, value []byte)) {
			elements(s, m.Def().KeySize, func(key, value []byte) abi.Errno { return s.SysLookup(key, value, 0) }, f)
		})
	}
	return text
}

// inKernel is what a run in the kernel shows to user space. It fails where the
// kernel has no such run.
func (c *check) inKernel(ctx context.Context, seed uint64) (string, error) {
	w, r, err := emptyWorld(c.img, seed, 0)
	defer w.close()
	if err != nil {
		return "", err
	}
	if err := w.makeNative(r); err != nil {
		return "", err
	}
	img := *c.img
	img.Maps = slices.Clone(img.Maps)
	for i, def := range img.Maps {
		img.Maps[i] = settled(def)
	}
	p, j, err := kernel.Load(ctx, &img, nil)
	if err != nil {
		return "", err
	}
	if p == nil {
		return "", fmt.Errorf("the kernel refuses it: %s", j.LastLine)
	}
	defer p.Close()
	maps := make([]*kernel.Map, len(img.Maps))
	for i := range maps {
		if maps[i], err = p.Map(i); err != nil {
			return "", err
		}
		if err := w.copyTo(p, maps[i], w.maps[i]); err != nil {
			return "", err
		}
	}
	pkt := w.packetBytes()
	if w.native != nil {
		pkt = w.native.Frame()
	}
	var out *kernel.RunResult
	err = kernel.OnCPU(0, func() (err error) {
		out, err = p.Run(&kernel.RunOptions{Data: pkt})
		return err
	})
	if err != nil {
		return "", err
	}
	if n := len(pkt) - len(w.packetBytes()); n > 0 && len(out.Data) >= n {
		out.Data = out.Data[n:] // a header that the program does not see
	}
	text := ""
	for i, m := range maps {
		if def := img.Maps[i]; listable(def) {
			text += digestOf(def, func(f func(key, value []byte)) { elements(m, def.KeySize, m.Lookup, f) })
		}
	}
	return shown(out.Return, out.Data, text), nil
}

// copyTo gives a map in the kernel the elements of one of the world's, and a
// program array the program itself where holdItself does.
func (w *world) copyTo(p *kernel.Program, to *kernel.Map, from bpfmap.Map) error {
	def := from.Def()
	if def.Type == abi.ProgArray {
		for i := range min(def.MaxEntries, 2) {
			key, fd := binary.NativeEndian.AppendUint32(nil, i+1), binary.NativeEndian.AppendUint32(nil, uint32(p.FD()))
			to.Update(key, fd, abi.UpdateAny)
		}
	}
	s, ok := from.(bpfmap.Syscaller)
	if !ok || !listable(def) || def.Frozen || def.Flags&abi.ReadOnly != 0 {
		return nil
	}
	var failed error
	elements(s, def.KeySize, func(key, value []byte) abi.Errno { return s.SysLookup(key, value, 0) }, func(key, value []byte) {
		full := make([]byte, max(to.ValueLen(), len(value)))
		copy(full, value)
		if e := to.Update(key, full[:to.ValueLen()], abi.UpdateAny); e != 0 && failed == nil {
			failed = fmt.Errorf("map %q: %w", def.Name, e)
		}
	})
	return failed
}
