package vm_test

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/helper"
	"github.com/skepbpf/skep/internal/mem"
)

// csumText sums up parts of data: args has the two lengths and the seed.
const csumText = `
.map args array key=4 value=64 entries=1
.map data array key=4 value=16384 entries=1
.program main section=tc
    r9 = map[args][0] ll
    r2 = *(u32 *)(r9 +0)
    r4 = *(u32 *)(r9 +4)
    r5 = *(u64 *)(r9 +8)
    r0 = 0
    if r2 > 8000 goto out
    if r4 > 8000 goto out
    r1 = map[data][3] ll
    r3 = map[data][8192] ll
    call bpf_csum_diff
out:
    exit
`

// TestChecksumsOfLeavesAreGosChecksums compares the routine with the helper's
// body, at all short lengths, with bytes that make sums overflow and be zero.
func TestChecksumsOfLeavesAreGosChecksums(t *testing.T) {
	t.Parallel()
	w := newLeafWorld(t, leafEngine(t), csumText)
	body := helper.Table().ByID[abi.CsumDiff]
	data := w.maps[w.coll.Map("data")]
	block := data.(interface{ Memory() []byte }).Memory()
	from, to := uint64(mem.AddrOf(block))+3, uint64(mem.AddrOf(block))+8192
	r := rand.New(rand.NewPCG(11, 12))
	runner := w.runner(t, 0)
	left := int64(0)
	check := func(fromSize, toSize uint32, seed uint64) {
		t.Helper()
		binary.LittleEndian.PutUint32(w.args, fromSize)
		binary.LittleEndian.PutUint32(w.args[4:], toSize)
		binary.LittleEndian.PutUint64(w.args[8:], seed)
		got, err := runner.Run(w.progs["main"], 0)
		if err != nil {
			t.Fatal(err)
		}
		if want := body(nil, from, uint64(fromSize), to, uint64(toSize), seed); got != want {
			t.Fatalf("%d bytes off, %d to it, seed %#x: %#x, want %#x", fromSize, toSize, seed, got, want)
		}
		if fromSize > 4096 || toSize > 4096 {
			left++
		}
	}
	fills := []func() byte{
		func() byte { return 0 }, func() byte { return 0xff }, func() byte { return byte(r.Uint32()) },
		func() byte { return byte(-(r.Int32() & 1)) },
	}
	seeds := []uint64{0, 1, 0xffff, 0x10000, 0xffffffff, 0xffff0000, 1 << 40, ^uint64(0)}
	for _, fill := range fills {
		for i := range block {
			block[i] = fill()
		}
		for _, seed := range seeds {
			for n := range uint32(20) {
				for m := range uint32(20) {
					check(n, m, seed)
				}
			}
			check(r.Uint32N(8000), r.Uint32N(8000), seed)
			check(r.Uint32N(4096), r.Uint32N(4096), r.Uint64())
			check(4096, 4096, seed)
			check(4097, 0, seed)
		}
	}
	if n := w.bodies.Load(); n != left {
		t.Errorf("%d calls left to Go, want %d", n, left)
	}
}
