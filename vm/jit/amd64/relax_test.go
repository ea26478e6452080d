package amd64

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"github.com/skepbpf/skep/vm/jit/emit"
)

// TestRelaxedJumpsLeadToTheirLabels lays out random jumps; behind each label
// stands its number as an immediate operand.
func TestRelaxedJumpsLeadToTheirLabels(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	short, long, pads := 0, 0, 0
	for range 300 {
		c := &compiler{}
		c.Reset(0)
		n := 1 + r.IntN(120)
		first := c.NewLabels(n)
		gap := r.IntN(12)
		for i := range n {
			if r.IntN(6) == 0 {
				c.alignment()
				pads++
			}
			aligned := len(c.aligns) > 0 && c.aligns[len(c.aligns)-1] == c.Len()
			c.Bind(first + emit.Label(i))
			c.movRI(rax, int64(1<<24+i<<1|b2i(aligned)))
			for range r.IntN(gap + 1) {
				c.movRR(true, rcx, rdx)
			}
			switch to := first + emit.Label(r.IntN(n)); r.IntN(4) {
			case 0:
				c.jmp(to)
			case 1:
				c.jcc(cond(r.IntN(16)), to)
			case 2:
				c.leaLabel(rcx, to)
			}
			c.exits = append(c.exits, emit.Exit{Resume: c.Offset(first + emit.Label(i)), Unwind: -1})
		}
		kinds := make([]uint8, len(c.Fixups))
		for i, f := range c.Fixups {
			kinds[i] = f.Kind
		}
		before := c.Len()
		c.relax()
		c.link()
		if c.Len() > before+int32(loopAlign*len(c.aligns)) {
			t.Fatalf("%d bytes have become %d", before, c.Len())
		}
		at := func(off int32) (number int, aligned bool) {
			v := binary.LittleEndian.Uint32(c.Code[off+1:]) - 1<<24
			return int(v >> 1), v&1 != 0
		}
		for i, f := range c.Fixups {
			to := f.At + 1
			if f.Kind == fixRel8 {
				short++
				to += int32(int8(c.Code[f.At]))
				if op := c.Code[f.At-1]; kinds[i] == fixJmp && op != 0xeb || kinds[i] == fixJcc && op>>4 != 7 {
					t.Fatalf("short jump with opcode %#x", op)
				}
			} else {
				long++
				to += 3 + int32(binary.LittleEndian.Uint32(c.Code[f.At:]))
			}
			if got, _ := at(to); got != int(f.Label-first) {
				t.Fatalf("a jump to label %d goes to %d", f.Label-first, got)
			}
		}
		for i := range n {
			off := c.Offset(first + emit.Label(i))
			got, aligned := at(off)
			if got != i || c.exits[i].Resume != off || aligned && off%loopAlign != 0 {
				t.Fatalf("label %d is at %d, where %d stands; resume at %d", i, off, got, c.exits[i].Resume)
			}
		}
	}
	if short < 1000 || long < 1000 || pads < 1000 {
		t.Errorf("%d short jumps, %d long ones, %d pads: the test tests little", short, long, pads)
	}
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}
