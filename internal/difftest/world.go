package difftest

import (
	"context"
	"encoding/binary"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/cilium/ebpf/btf"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/bpfmap"
	"github.com/skepbpf/skep/helper"
	"github.com/skepbpf/skep/host"
	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/internal/mem"
	"github.com/skepbpf/skep/internal/packet"
	"github.com/skepbpf/skep/isa"
	"github.com/skepbpf/skep/vm"
	"github.com/skepbpf/skep/vm/interp"
)

// world is what one run of a program sees: maps, a context, a packet, all made
// from a seed.
type world struct {
	img     *image.Program
	table   *bpfmap.Table
	rt      *vm.Runtime
	maps    []bpfmap.Map
	memory  []byte // of the context, nil if the packet has it
	ctx     uint64
	ctxSize int
	xdp     *packet.XDP
	skb     *skb
	native  *packet.SKB // the packet of lowered programs
	trace   func(interp.Step)
	// shift is by how much the stack begins lower than in other worlds.
	shift mem.Addr

	// What the run has been given so far: where elements begin, by map, and
	// other memory.
	values, keys [][]uint64
	mems         []span
}

type span struct{ at, size uint64 }

// skb is a packet in front of struct __sk_buff. Programs that were not lowered
// reach it by the 32-bit fields of that.
type skb struct{ memory []byte }

// Offsets in struct __sk_buff.
const (
	skbSize     = 192
	skbLen      = 0
	skbData     = 76
	skbDataEnd  = 80
	skbDataMeta = 140
	skbFlowKeys = 144
	skbSock     = 168
)

func (s *skb) Visible() (guest uint64, at mem.Addr, size int) {
	return packet.GuestBase, mem.AddrOf(s.memory), len(s.memory)
}

// LoadPacket serves the legacy loads.
func (s *skb) LoadPacket(off int32, size int) (v uint32, ok bool) {
	const mac, net = -0x200000, -0x100000
	switch {
	case off >= mac && off < mac+1<<16:
		off -= mac
	case off >= net && off < net+1<<16:
		off += 14 - net
	}
	if off < 0 || int(off)+size > len(s.memory) {
		return 0, false
	}
	for _, b := range s.memory[off:][:size] {
		v = v<<8 | uint32(b)
	}
	return v, true
}

// seesSKB reports whether programs of type t have a struct __sk_buff.
func seesSKB(t abi.ProgType) bool {
	switch t {
	case abi.SocketFilter, abi.SchedCLS, abi.SchedACT, abi.CgroupSKB, abi.LWTIn, abi.LWTOut, abi.LWTXmit, abi.LWTSeg6Local, abi.SkSKB:
		return true
	}
	return false
}

// hasNumbers reports whether any bytes will do as the context of type t: it has
// no packet of another kind.
func hasNumbers(t abi.ProgType) bool {
	switch t {
	case abi.Kprobe, abi.Tracepoint, abi.RawTracepoint, abi.RawTracepointWritable, abi.PerfEvent, abi.Syscall, abi.Tracing,
		abi.CgroupSock, abi.CgroupSockAddr, abi.CgroupDevice, abi.SkLookup:
		return true
	}
	return false
}

// newWorld makes a world and the program behind the interpreter's unverified
// door. It fails for lack of a map, a helper or a kfunc.
func newWorld(img *image.Program, seed uint64) (w *world, ready *vm.Program, err error) {
	w, r, err := emptyWorld(img, seed, 0)
	defer func() {
		if err != nil {
			w.close()
		}
	}()
	if err != nil {
		return w, nil, err
	}
	if err := w.makeContext(r); err != nil {
		return w, nil, err
	}
	ready, err = interp.NewUnverified(img, &interp.UnverifiedOptions{
		Helpers: helpers(), Maps: w.maps, CtxSize: w.ctxSize,
		Trace: func(s interp.Step) {
			if w.trace != nil {
				w.trace(s)
			}
		},
	})
	return w, ready, err
}

// emptyWorld is a world without a context, and what makes the rest of it. Where
// other is not 0, the stack, clocks and random numbers are others than the
// seed's. It must be closed even if it fails.
func emptyWorld(img *image.Program, seed, other uint64) (w *world, r *rand.Rand, err error) {
	r = rand.New(rand.NewPCG(seed, 0x736f756e64))
	w = &world{img: img, table: bpfmap.NewTable(bpfmap.TableOptions{CPUs: 2})}
	w.rt, err = vm.NewRuntime(&vm.RuntimeOptions{Table: w.table, Host: host.NewFixed(host.FixedOptions{
		Seed: seed + other, Step: 1000, Start: time.Hour + time.Duration(other)*time.Millisecond,
		Task: host.Task{PID: 1000 + uint32(other), TGID: 1000 + uint32(other), UID: 1000},
	})})
	if err != nil {
		return w, nil, err
	}
	w.shift = mem.Addr(64 * other)
	for _, def := range img.Maps {
		m, err := bpfmap.New(settled(def), bpfmap.Options{Table: w.table})
		if err != nil {
			return w, nil, err
		}
		w.maps = append(w.maps, m)
		fill(m, r)
	}
	w.values, w.keys = make([][]uint64, len(w.maps)), make([][]uint64, len(w.maps))
	for i, m := range w.maps {
		if b, ok := m.(bpfmap.Memoryer); ok && m.Def().Type == abi.Array && len(b.Memory()) > 0 {
			w.values[i] = append(w.values[i], uint64(mem.AddrOf(b.Memory())))
		}
	}
	return w, r, nil
}

// helpers are the helpers that exist, and for others that answer with a number
// one that says that it is not supported: a program must expect that.
func helpers() *vm.Helpers {
	h := helper.Table()
	for id := range h.ByID {
		proto := abi.HelperByID(abi.HelperID(id))
		if h.ByID[id] == nil && proto != nil && proto.Ret == abi.RetInteger {
			h.ByID[id] = func(*vm.Context, uint64, uint64, uint64, uint64, uint64) uint64 { return abi.ENOTSUPP.R0() }
		}
	}
	return h
}

// makeContext makes a packet and what R1 points to.
func (w *world) makeContext(r *rand.Rand) error {
	pkt := randomPacket(r)
	if w.img.Type == abi.XDP {
		x, err := packet.NewXDP(len(pkt))
		if err != nil {
			return err
		}
		w.xdp = x
		if err := x.Load(pkt); err != nil {
			return err
		}
		x.SetInput(1+r.Uint32N(3), r.Uint32N(2))
		a, n := x.Raw()
		w.ctx, w.ctxSize = uint64(a), n
		return nil
	}
	w.ctxSize = 1024
	if seesSKB(w.img.Type) {
		w.ctxSize = skbSize
	}
	b, err := mem.Alloc(w.ctxSize)
	if err != nil {
		return err
	}
	w.memory, w.ctx = b, uint64(mem.AddrOf(b))
	if seesSKB(w.img.Type) || hasNumbers(w.img.Type) {
		randomBytes(r, b)
	}
	if !seesSKB(w.img.Type) {
		return nil
	}
	p, err := mem.Alloc(len(pkt))
	if err != nil {
		return err
	}
	copy(p, pkt)
	w.skb = &skb{p}
	put := func(off int, v uint32) { binary.LittleEndian.PutUint32(b[off:], v) }
	put(skbLen, uint32(len(p)))
	put(skbData, packet.GuestBase)
	put(skbDataMeta, packet.GuestBase)
	put(skbDataEnd, packet.GuestBase+uint32(len(p)))
	clear(b[skbFlowKeys:][:8])
	clear(b[skbSock:][:8])
	return nil
}

// randomBytes makes bytes among which small numbers, ones and zeros are common.
func randomBytes(r *rand.Rand, b []byte) {
	for i := range b {
		switch r.IntN(8) {
		case 0, 1:
			b[i] = 0
		case 2:
			b[i] = 0xff
		case 3:
			b[i] = byte(r.IntN(8))
		default:
			b[i] = byte(r.Uint32())
		}
	}
	for i := 0; i+8 <= len(b); i += 8 {
		if r.IntN(3) == 0 {
			binary.LittleEndian.PutUint64(b[i:], r.Uint64()>>r.IntN(64))
		}
	}
}

// randomPacket is an Ethernet frame, often with an IP header.
func randomPacket(r *rand.Rand) []byte {
	sizes := []int{14, 15, 16, 20, 33, 34, 42, 54, 60, 64, 128, 256, 1500}
	p := make([]byte, sizes[r.IntN(len(sizes))]+r.IntN(3))
	randomBytes(r, p)
	if r.IntN(4) > 0 && len(p) >= 40 {
		copy(p[12:], []byte{8, 0, 0x45})
		p[23] = []byte{6, 17, 1}[r.IntN(3)]
	} else if r.IntN(2) == 0 && len(p) >= 60 {
		copy(p[12:], []byte{0x86, 0xdd, 0x60})
		p[20] = []byte{6, 17, 58}[r.IntN(3)]
	}
	return p
}

// fill gives m its initial contents, and a map of numbers random ones besides.
func fill(m bpfmap.Map, r *rand.Rand) {
	s, ok := m.(bpfmap.Syscaller)
	if !ok {
		return
	}
	def := m.Def()
	for _, e := range def.Contents {
		if e.Value != nil {
			s.SysUpdate(e.Key, e.Value, abi.UpdateAny)
		}
	}
	if def.Frozen || def.Flags&abi.ReadOnlyProg != 0 || holdsObjects(def.Value, 0) || r.IntN(4) == 0 {
		return
	}
	key, value := make([]byte, def.KeySize), make([]byte, s.ValueLen())
	for i := range min(def.MaxEntries, 4) {
		switch def.Type {
		case abi.Array, abi.PerCPUArray:
			binary.LittleEndian.PutUint32(key, i)
		case abi.Hash, abi.LRUHash, abi.PerCPUHash, abi.LRUPerCPUHash:
			clear(key)
			if key[0] = byte(i); r.IntN(2) == 0 {
				randomBytes(r, key)
			}
		default:
			return
		}
		randomBytes(r, value)
		s.SysUpdate(key, value, abi.UpdateAny)
	}
}

// run runs the program once.
func (w *world) run(ctx context.Context, p *vm.Program, budget int64) (uint64, error) {
	r, err := w.rt.Runner(ctx, &vm.RunOptions{Budget: budget, CPU: 1})
	if err != nil {
		return 0, err
	}
	defer r.Close()
	switch {
	case w.xdp != nil:
		r.Context().Event = w.xdp
	case w.skb != nil:
		r.Context().Event = w.skb
	case w.native != nil:
		r.Context().Event = w.native
	}
	b := r.Context().Block
	b.SP -= w.shift
	defer func() { b.SP += w.shift }()
	return r.Run(p, mem.Addr(w.ctx))
}

func (w *world) close() {
	for _, m := range w.maps {
		_ = m.Close()
	}
	if w.rt != nil {
		w.rt.Close()
	}
	if w.memory != nil {
		_ = mem.Free(w.memory)
	}
	if w.xdp != nil {
		_ = w.xdp.Close()
	}
	if w.skb != nil {
		_ = mem.Free(w.skb.memory)
	}
	if w.native != nil {
		_ = w.native.Close()
	}
}

// packet is where the packet lies, as the program sees it.
func (w *world) packet() (meta, data, end uint64, ok bool) {
	at := func(off uint64) uint64 { return uint64(*mem.Addr(w.ctx + off).U32()) }
	switch {
	case w.xdp != nil:
		return at(8), at(0), at(4), true
	case w.skb != nil:
		return at(skbDataMeta), at(skbData), at(skbDataEnd), true
	}
	return 0, 0, 0, false
}

// mapAt is the index of the map whose address is a, -1 if there is none.
func (w *world) mapAt(a uint64) int {
	for i, m := range w.maps {
		if uint64(m.Header()) == a {
			return i
		}
	}
	return -1
}

func note(list *[]uint64, a uint64) {
	if a != 0 && !slices.Contains(*list, a) {
		*list = append(*list, a)
	}
}

// learn notes what the helper that was just called has given to the program.
func (f *follower) learn(in isa.Insn, regs *[11]uint64) {
	if in.Src() != isa.CallHelper || regs[0] == 0 {
		return
	}
	h := abi.HelperByID(abi.HelperID(in.Imm))
	if h == nil {
		return
	}
	w := f.world
	switch h.Ret.Base() {
	case abi.RetMapValue:
		i := w.mapAt(f.regs[1])
		if i < 0 {
			return
		}
		switch w.maps[i].Def().Type {
		case abi.ArrayOfMaps, abi.HashOfMaps:
		default:
			note(&w.values[i], regs[0])
		}
	case abi.RetMem:
		size := uint64(0)
		for i, a := range h.Args {
			if a.Base() == abi.ArgConstAllocSize {
				size = f.regs[1+i]
			}
		}
		w.mems = append(w.mems, span{regs[0], size})
	}
}

// learnCallback notes the element that a callback is given.
func (f *follower) learnCallback(regs *[11]uint64) {
	if abi.HelperID(f.img.Insns[f.prev].Imm) != abi.ForEachMapElem {
		return
	}
	if i := f.world.mapAt(f.regs[1]); i >= 0 {
		note(&f.world.keys[i], regs[2])
		note(&f.world.values[i], regs[3])
	}
}

// digest is a number that what a run leaves behind makes: maps, context,
// packet. The order of a map's elements does not matter.
func (w *world) digest() uint64 {
	sum := uint64(0)
	add := func(parts ...[]byte) {
		h := fnv.New64a()
		for _, b := range parts {
			h.Write(b)
		}
		sum += h.Sum64()
	}
	for i, m := range w.maps {
		s, ok := m.(bpfmap.Syscaller)
		if !ok {
			continue
		}
		def := m.Def()
		value := make([]byte, s.ValueLen())
		var prev []byte
		for range 1024 {
			next := make([]byte, def.KeySize)
			if s.NextKey(prev, next) != 0 {
				break
			}
			if s.SysLookup(next, value, 0) == 0 {
				add([]byte{byte(i)}, next, value)
			}
			prev = next
		}
	}
	add(w.memory)
	if w.xdp != nil {
		add(w.xdp.Data(), w.xdp.Meta())
	}
	if w.skb != nil {
		add(w.skb.memory)
	}
	if w.native != nil {
		add(w.native.Data(), w.native.Fields())
	}
	return sum
}

// holdsObjects reports whether values of type t are more than numbers: locks,
// timers, lists, pointers. Those are made by helpers only.
func holdsObjects(t btf.Type, depth int) bool {
	if depth > 8 {
		return true
	}
	switch t := t.(type) {
	case *btf.Struct:
		if strings.HasPrefix(t.Name, "bpf_") {
			return true
		}
		return slices.ContainsFunc(t.Members, func(m btf.Member) bool { return holdsObjects(m.Type, depth+1) })
	case *btf.Union:
		return slices.ContainsFunc(t.Members, func(m btf.Member) bool { return holdsObjects(m.Type, depth+1) })
	case *btf.Array:
		return holdsObjects(t.Type, depth+1)
	case *btf.Datasec:
		return slices.ContainsFunc(t.Vars, func(v btf.VarSecinfo) bool { return holdsObjects(v.Type, depth+1) })
	case *btf.Var:
		return holdsObjects(t.Type, depth+1)
	case *btf.Typedef:
		return holdsObjects(t.Type, depth+1)
	case *btf.Const:
		return holdsObjects(t.Type, depth+1)
	case *btf.Volatile:
		return holdsObjects(t.Type, depth+1)
	case *btf.Pointer, *btf.TypeTag:
		return true
	}
	return false
}

// settled is a definition with all that its user leaves open. The order of a
// hash's elements follows the seed too.
func settled(def *image.Map) *image.Map {
	d := *def
	switch d.Type {
	case abi.Hash, abi.PerCPUHash, abi.LRUHash, abi.LRUPerCPUHash:
		d.Flags |= abi.ZeroSeed
	case abi.RingBuf:
		d.MaxEntries = max(d.MaxEntries, 4096)
	}
	d.MaxEntries = max(d.MaxEntries, 1)
	return &d
}
