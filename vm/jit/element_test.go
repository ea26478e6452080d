package jit

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"github.com/skepbpf/skep/internal/mem"
	"github.com/skepbpf/skep/vm/ir"
)

// TestElementsOfArrays compares the addresses that Elem and ElemK find with
// those that the layout says.
func TestElementsOfArrays(t *testing.T) {
	layouts := []ir.MapLayout{{Kind: ir.MapArrayOfMaps, Stride: 8, MaxEntries: 8}}
	for _, stride := range []uint64{1, 2, 4, 8, 16, 24, 40, 4096, 1 << 20, 0x7fff_fff8} {
		for _, most := range []uint32{1, 3, 8, 1000, 1 << 31, 0xffff_ffff} {
			layouts = append(layouts, ir.MapLayout{Kind: ir.MapArray, Base: 0x1234_5678_9000, Stride: stride, MaxEntries: most})
			layouts = append(layouts, ir.MapLayout{Kind: ir.MapPerCPUArray, Base: 0x7000, Stride: stride, CPUStride: 192, MaxEntries: most})
			layouts = append(layouts, ir.MapLayout{Kind: ir.MapPerCPUArray, Base: 0x7000, Stride: stride, CPUStride: 4096, MaxEntries: most})
		}
	}
	r := rand.New(rand.NewPCG(3, 4))
	for _, b := range benches(t) {
		b.maps = layouts
		layouts[0].Base = uint64(mem.AddrOf(b.data)) + benchData
		for i := range 8 {
			binary.LittleEndian.PutUint64(b.data[benchData+8*i:], uint64(11*i))
		}
		for i := range layouts {
			m := &layouts[i]
			*(b.block + ir.BlockCPU).U64() = uint64(i % 3)
			for range 6 {
				checkElement(t, b, i, m, r)
			}
		}
	}
}

func checkElement(t *testing.T, b *bench, at int, m *ir.MapLayout, r *rand.Rand) {
	t.Helper()
	key := uint32(r.Uint64() % uint64(m.MaxEntries))
	if r.IntN(3) == 0 {
		key = uint32(r.Uint64() >> (32 + r.IntN(32)))
	}
	there := key < m.MaxEntries
	want := uint64(0)
	if there {
		want = m.Base + uint64(key)*m.Stride
		switch m.Kind {
		case ir.MapPerCPUArray:
			want += *(b.block + ir.BlockCPU).U64() * m.CPUStride
		case ir.MapArrayOfMaps:
			want = uint64(key) * 11
		}
	}
	in := ir.Insn{Op: ir.Elem, Dst: []uint8{0, 2, 7, 8}[r.IntN(4)], Src: []uint8{0, 2, 5, 8}[r.IntN(4)], Off: int32(at)}
	high := r.Uint64() << 32
	if there && r.IntN(2) == 0 {
		in.Flags |= ir.InBounds
	}
	if r.IntN(2) == 0 {
		in.Flags |= ir.Src32
		high = 0
	}
	if there && r.IntN(3) == 0 {
		in = ir.Insn{Op: ir.ElemK, Dst: in.Dst, Imm: int64(key), Off: in.Off}
	}
	var regs [10]uint64
	for i := range regs {
		regs[i] = r.Uint64()
	}
	regs[in.Src] = high | uint64(key)
	before := regs
	b.run(t, &regs, in)
	for i := range regs {
		if i != 1 && i != int(in.Dst) && regs[i] != before[i] {
			t.Errorf("%+v of %+v: r%d is changed", in, m, i)
		}
	}
	if regs[in.Dst] != want {
		t.Errorf("%+v of %+v, key %#x: %#x, want %#x", in, m, key, regs[in.Dst], want)
	}
}
