package jit

import (
	"encoding/binary"
	"math/bits"
	"math/rand/v2"
	"testing"

	"github.com/skepbpf/skep/internal/mem"
	"github.com/skepbpf/skep/vm/ir"
	"github.com/skepbpf/skep/vm/jit/emit"
)

// bench runs single operations in machine code. r0 to r9 come from memory at r1
// and go there; what accesses have to play with lies behind.
type bench struct {
	e     *Engine
	block mem.Addr
	data  []byte // registers, then room
	maps  []ir.MapLayout
}

const (
	benchData = 80 // where the room begins
	benchRoom = 64
)

func newBench(t *testing.T, o *Options) *bench {
	t.Helper()
	e, err := New(o)
	if err != nil {
		t.Skip(err)
	}
	m, err := mem.Alloc(1 << 16)
	if err != nil {
		t.Fatal(err)
	}
	data, err := mem.Alloc(benchData + benchRoom)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
		_, _ = mem.Free(m), mem.Free(data)
	})
	b := &bench{e: e, block: mem.AddrOf(m), data: data}
	*(b.block + ir.BlockSP).U64() = uint64(b.block) + 1<<16
	return b
}

// run runs insns with registers r, which it changes but for r1, and gives the
// fuel that they spent.
func (b *bench) run(t *testing.T, r *[10]uint64, insns ...ir.Insn) (spent int64) {
	t.Helper()
	p := &ir.Program{Exception: -1, Ctx: &ir.CtxLayout{}, Maps: b.maps}
	for n := 2; n < 10; n++ {
		p.Insns = append(p.Insns, ir.Insn{Op: ir.LdU64, Dst: uint8(n), Src: 1, Off: int32(8 * n)})
	}
	p.Insns = append(p.Insns, ir.Insn{Op: ir.LdU64, Dst: 0, Src: 1}, ir.Insn{Op: ir.St64X, Dst: 10, Src: 1, Off: -8})
	p.Insns = append(p.Insns, insns...)
	p.Insns = append(p.Insns, ir.Insn{Op: ir.LdU64, Dst: 1, Src: 10, Off: -8})
	for n := range 10 {
		if n != 1 {
			p.Insns = append(p.Insns, ir.Insn{Op: ir.St64X, Dst: 1, Src: uint8(n), Off: int32(8 * n)})
		}
	}
	p.Insns = append(p.Insns, ir.Insn{Op: ir.Exit})
	p.Funcs = []ir.Func{{End: len(p.Insns), StackDepth: 8, Cost: 7}}
	out, err := compile(p, emit.Options{Off: b.e.off, Features: b.e.features})
	if err != nil {
		t.Skip(err) // a generator need not have what the optimiser does not make for it
	}
	code, err := b.e.arena.Place(out.Code)
	if err != nil {
		t.Fatal(err)
	}
	defer code.Free()
	for i, v := range r {
		binary.LittleEndian.PutUint64(b.data[8*i:], v)
	}
	const fuel = 1000
	*(b.block + ir.BlockFuel).U64() = fuel
	*(b.block + ir.BlockSaved + 8).U64() = uint64(mem.AddrOf(b.data))
	*(b.block + emit.BlockTarget).U64() = uint64(code.Addr()) + uint64(out.Funcs[0])
	enter(uintptr(b.e.call), uintptr(b.block))
	if exit := int32(*(b.block + emit.BlockExit).U32()); exit != emit.Done {
		t.Fatalf("%+v: left by exit %d", insns, exit)
	}
	for i := range r {
		if i != 1 {
			r[i] = binary.LittleEndian.Uint64(b.data[8*i:])
		}
	}
	return fuel - int64(*(b.block + ir.BlockFuel).U64()) - 7
}

// benches are an engine with everything and one without.
func benches(t *testing.T) []*bench {
	return []*bench{newBench(t, nil), newBench(t, &Options{Off: emit.OptAll, Plain: true})}
}

// TestOperationsOfTheOptimiserOnRegisters compares each with Go's.
func TestOperationsOfTheOptimiserOnRegisters(t *testing.T) {
	type operation struct {
		name string
		op   ir.Op
		imm  func(r *rand.Rand) int64
		do   func(dst, src, index uint64, in *ir.Insn) uint64
	}
	none := func(*rand.Rand) int64 { return 0 }
	below := func(n int) func(r *rand.Rand) int64 {
		return func(r *rand.Rand) int64 { return int64(1 + r.IntN(n-1)) }
	}
	int32s := func(r *rand.Rand) int64 { return int64(int32(r.Uint32()) >> r.IntN(32)) }
	rol32 := func(v uint64, n int) uint64 { return uint64(bits.RotateLeft32(uint32(v), n)) }
	for _, o := range []operation{
		{"rol64 k", ir.Rol64K, below(64), func(_, s, _ uint64, in *ir.Insn) uint64 { return bits.RotateLeft64(s, int(in.Imm)) }},
		{"rol32 k", ir.Rol32K, below(32), func(_, s, _ uint64, in *ir.Insn) uint64 { return rol32(s, int(in.Imm)) }},
		{"rol64", ir.Rol64X, none, func(d, s, _ uint64, _ *ir.Insn) uint64 { return bits.RotateLeft64(d, int(s&63)) }},
		{"rol32", ir.Rol32X, none, func(d, s, _ uint64, _ *ir.Insn) uint64 { return rol32(d, int(s&31)) }},
		{"ror64", ir.Ror64X, none, func(d, s, _ uint64, _ *ir.Insn) uint64 { return bits.RotateLeft64(d, -int(s&63)) }},
		{"ror32", ir.Ror32X, none, func(d, s, _ uint64, _ *ir.Insn) uint64 { return rol32(d, -int(s&31)) }},
		{"popcnt64", ir.Popcnt64, none, func(_, s, _ uint64, _ *ir.Insn) uint64 { return uint64(bits.OnesCount64(s)) }},
		{"popcnt32", ir.Popcnt32, none, func(_, s, _ uint64, _ *ir.Insn) uint64 { return uint64(bits.OnesCount32(uint32(s))) }},
		{"lea", ir.Lea, int32s, func(_, s, _ uint64, in *ir.Insn) uint64 { return s + uint64(in.Imm) }},
		{"lea with an index", ir.LeaIdx, int32s, func(_, s, x uint64, in *ir.Insn) uint64 { return s + x<<in.Scale + uint64(in.Imm) }},
	} {
		t.Run(o.name, func(t *testing.T) {
			if (o.op == ir.Popcnt64 || o.op == ir.Popcnt32) && lacks(features())&emit.OptPopcnt != 0 {
				t.Skip("the machine does not count ones")
			}
			for _, b := range benches(t) {
				r := rand.New(rand.NewPCG(uint64(o.op), 1))
				for range 200 {
					// Not r1, which the subject would lose.
					in := ir.Insn{
						Op: o.op, Dst: uint8(2 + r.IntN(8)), Src: uint8(2 + r.IntN(8)), Imm: o.imm(r),
						Index: uint8(2 + r.IntN(8)), Scale: uint8(r.IntN(4)),
					}
					var regs [10]uint64
					for i := range regs {
						regs[i] = r.Uint64() >> r.IntN(64)
					}
					want := regs
					want[in.Dst] = o.do(regs[in.Dst], regs[in.Src], regs[in.Index], &in)
					if spent := b.run(t, &regs, in); regs != want || spent != 0 {
						t.Fatalf("%+v: %x, want %x; %d of fuel", in, regs, want, spent)
					}
				}
			}
		})
	}
}

// TestOperationsOfTheOptimiserOnMemory compares loads and stores with Go's.
func TestOperationsOfTheOptimiserOnMemory(t *testing.T) {
	for _, o := range []struct {
		name     string
		op       ir.Op
		size     int
		load, be bool
		signed   bool
		constant bool
		index    bool
	}{
		{name: "be16", op: ir.LdBe16, size: 2, load: true, be: true},
		{name: "be32", op: ir.LdBe32, size: 4, load: true, be: true},
		{name: "be64", op: ir.LdBe64, size: 8, load: true, be: true},
		{name: "u8 with an index", op: ir.LdIdxU8, size: 1, load: true},
		{name: "u16 with an index", op: ir.LdIdxU16, size: 2, load: true},
		{name: "u32 with an index", op: ir.LdIdxU32, size: 4, load: true},
		{name: "u64 with an index", op: ir.LdIdxU64, size: 8, load: true},
		{name: "s8 with an index", op: ir.LdIdxS8, size: 1, load: true, signed: true},
		{name: "s16 with an index", op: ir.LdIdxS16, size: 2, load: true, signed: true},
		{name: "s32 with an index", op: ir.LdIdxS32, size: 4, load: true, signed: true},
		{name: "be16 with an index", op: ir.LdIdxBe16, size: 2, load: true, be: true, index: true},
		{name: "be32 with an index", op: ir.LdIdxBe32, size: 4, load: true, be: true, index: true},
		{name: "be64 with an index", op: ir.LdIdxBe64, size: 8, load: true, be: true, index: true},
		{name: "store 8 k with an index", op: ir.StIdx8K, size: 1, constant: true},
		{name: "store 16 k with an index", op: ir.StIdx16K, size: 2, constant: true},
		{name: "store 32 k with an index", op: ir.StIdx32K, size: 4, constant: true},
		{name: "store 64 k with an index", op: ir.StIdx64K, size: 8, constant: true},
		{name: "store 8 with an index", op: ir.StIdx8X, size: 1},
		{name: "store 16 with an index", op: ir.StIdx16X, size: 2},
		{name: "store 32 with an index", op: ir.StIdx32X, size: 4},
		{name: "store 64 with an index", op: ir.StIdx64X, size: 8},
	} {
		t.Run(o.name, func(t *testing.T) {
			for _, b := range benches(t) {
				r := rand.New(rand.NewPCG(uint64(o.op), 1))
				for range 300 {
					in := ir.Insn{Op: o.op, Dst: uint8(2 + r.IntN(8)), Src: uint8(2 + r.IntN(8)), Imm: int64(r.Uint64()) >> r.IntN(64)}
					if o.constant && r.IntN(8) == 0 {
						in.Imm = 0
					}
					at := r.IntN(benchRoom - o.size + 1)
					base := &in.Src
					if !o.load {
						base = &in.Dst
					}
					var regs [10]uint64
					for i := range regs {
						regs[i] = r.Uint64()
					}
					in.Off = []int32{0, int32(r.IntN(100) - 50), int32(r.IntN(1<<16) - 1<<15)}[r.IntN(3)]
					rest := int64(at) - int64(in.Off)
					if !o.be || o.index {
						in.Scale = uint8(r.IntN(4))
						for in.Index = 2; in.Index == *base; in.Index++ {
						}
						n := int64(r.IntN(100) - 50)
						regs[in.Index] = uint64(n)
						rest -= n << in.Scale
					}
					regs[*base] = uint64(mem.AddrOf(b.data)) + benchData + uint64(rest)
					for i := range benchRoom {
						b.data[benchData+i] = byte(r.Uint32())
					}
					room := [benchRoom]byte(b.data[benchData:])
					want := regs
					var v [8]byte
					switch {
					case o.load && o.be:
						copy(v[8-o.size:], room[at:at+o.size])
						want[in.Dst] = binary.BigEndian.Uint64(v[:])
					case o.load:
						copy(v[:], room[at:at+o.size])
						want[in.Dst] = binary.LittleEndian.Uint64(v[:])
						if s := 64 - 8*o.size; o.signed {
							want[in.Dst] = uint64(int64(want[in.Dst]) << s >> s)
						}
					case o.constant:
						binary.LittleEndian.PutUint64(v[:], uint64(in.Imm))
						copy(room[at:at+o.size], v[:])
					default:
						binary.LittleEndian.PutUint64(v[:], regs[in.Src])
						copy(room[at:at+o.size], v[:])
					}
					if spent := b.run(t, &regs, in); regs != want || spent != 0 || room != [benchRoom]byte(b.data[benchData:]) {
						t.Fatalf("%+v: %x, want %x; %d of fuel; %x, want %x", in, regs, want, spent, b.data[benchData:], room)
					}
				}
			}
		})
	}
}

func TestOperationsOfTheOptimiserOnFuel(t *testing.T) {
	for _, op := range []ir.Op{ir.Spend, ir.SpendPoll} {
		for _, b := range benches(t) {
			for _, n := range []int64{1, 77, 800} {
				regs := [10]uint64{9: 1}
				want := regs
				if spent := b.run(t, &regs, ir.Insn{Op: op, Imm: n}); spent != n || regs != want {
					t.Errorf("operation %d of %d: spent %d, %x", op, n, spent, regs)
				}
			}
		}
	}
}
