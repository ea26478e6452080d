package packet

import (
	"bytes"
	"testing"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/internal/mem"
	"github.com/skepbpf/skep/vm/ir"
)

func newXDP(t *testing.T, pkt []byte) *XDP {
	t.Helper()
	x, err := NewXDP(len(pkt))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := x.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := x.Load(pkt); err != nil {
		t.Fatal(err)
	}
	return x
}

func frame(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i + 1)
	}
	return b
}

func TestBlockIsLaidOutAsLoweringExpects(t *testing.T) {
	t.Parallel()
	for _, f := range []struct{ here, there int }{
		{ctxData, ir.XDPData}, {ctxDataEnd, ir.XDPDataEnd}, {ctxDataMeta, ir.XDPDataMeta},
		{ctxIngress, ir.XDPIngress}, {ctxRxQueue, ir.XDPRxQueue}, {ctxEgress, ir.XDPEgress},
	} {
		if f.here != f.there {
			t.Errorf("a field lies at %d, lowering reads %d", f.here, f.there)
		}
	}
	if ctxEgress+4 > ir.XDPSize || rawOff < ir.XDPSize || frameOff < rawOff+xdpMDSize {
		t.Error("the parts of the memory overlap")
	}
}

func TestContextFollowsEveryAdjustment(t *testing.T) {
	t.Parallel()
	x := newXDP(t, frame(64))
	x.SetInput(3, 5)
	x.SetEgress(9)
	check := func(when string, want []byte, metaLen int) {
		t.Helper()
		if !bytes.Equal(x.Data(), want) {
			t.Errorf("%s: packet %x, want %x", when, x.Data(), want)
		}
		data := mem.Addr(*(x.Ctx() + ctxData).U64())
		end := mem.Addr(*(x.Ctx() + ctxDataEnd).U64())
		meta := mem.Addr(*(x.Ctx() + ctxDataMeta).U64())
		if int(end-data) != len(want) || int(data-meta) != metaLen || data.Bytes(1)[0] != want[0] {
			t.Errorf("%s: data %#x, end %#x, meta %#x", when, data, end, meta)
		}
		raw, _ := x.Raw()
		guest, host, size := x.Visible()
		if g := uint64(*(raw + 8).U32()); g != guest || host != meta || size != len(want)+metaLen {
			t.Errorf("%s: raw context starts at %#x, visible at %#x, %d bytes", when, g, guest, size)
		}
		if d := *(raw + 4).U32() - *raw.U32(); int(d) != len(want) {
			t.Errorf("%s: raw context has %d bytes", when, d)
		}
	}
	pkt := frame(64)
	check("loaded", pkt, 0)
	if e := x.AdjustHead(-4); e != 0 {
		t.Fatal(e)
	}
	check("four more in front", append(make([]byte, 4), pkt...), 0)
	if e := x.AdjustHead(4); e != 0 {
		t.Fatal(e)
	}
	if e := x.AdjustTail(6); e != 0 {
		t.Fatal(e)
	}
	check("six more behind", append(append([]byte{}, pkt...), make([]byte, 6)...), 0)
	if e := x.AdjustTail(-10); e != 0 {
		t.Fatal(e)
	}
	if e := x.AdjustMeta(-8); e != 0 {
		t.Fatal(e)
	}
	copy(x.Meta(), "metadata")
	check("with metadata", pkt[:60], 8)
	if e := x.AdjustHead(-2); e != 0 {
		t.Fatal(e)
	}
	if string(x.Meta()) != "metadata" {
		t.Errorf("metadata became %q when the head moved", x.Meta())
	}
	if e := x.AdjustMeta(4); e != 0 {
		t.Fatal(e)
	}
	if string(x.Meta()) != "data" || x.Ingress() != 3 {
		t.Errorf("metadata %q, interface %d", x.Meta(), x.Ingress())
	}
}

// TestGrownTailIsZero checks that bytes of an earlier packet do not come back.
func TestGrownTailIsZero(t *testing.T) {
	t.Parallel()
	x := newXDP(t, frame(100))
	if err := x.Load(frame(20)); err != nil {
		t.Fatal(err)
	}
	if e := x.AdjustTail(80); e != 0 {
		t.Fatal(e)
	}
	if want := append(frame(20), make([]byte, 80)...); !bytes.Equal(x.Data(), want) {
		t.Errorf("packet %x", x.Data())
	}
}

func TestLimitsOfAdjustments(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		f    func(*XDP, int32) abi.Errno
		by   int32
		want abi.Errno
	}{
		"head into the frame's own head": {(*XDP).AdjustHead, -217, abi.EINVAL},
		"head as far as it goes":         {(*XDP).AdjustHead, -216, 0},
		"head that leaves 13 bytes":      {(*XDP).AdjustHead, 51, abi.EINVAL},
		"tail that leaves 13 bytes":      {(*XDP).AdjustTail, -51, abi.EINVAL},
		"tail as far as it goes":         {(*XDP).AdjustTail, 3456, 0},
		"tail one too far":               {(*XDP).AdjustTail, 3457, abi.EINVAL},
		"tail by the smallest number":    {(*XDP).AdjustTail, -1 << 31, abi.EINVAL},
		"meta of 252 bytes":              {(*XDP).AdjustMeta, -252, abi.EINVAL}, // no headroom for it
		"meta of 216 bytes":              {(*XDP).AdjustMeta, -216, 0},
		"meta of 3 bytes":                {(*XDP).AdjustMeta, -3, abi.EACCES},
		"meta into the packet":           {(*XDP).AdjustMeta, 4, abi.EINVAL},
	} {
		if got := c.f(newXDP(t, frame(64)), c.by); got != c.want {
			t.Errorf("%s: errno %d, want %d", name, got, c.want)
		}
	}
}

func TestPacketsThatDoNotFitAreRefused(t *testing.T) {
	t.Parallel()
	x := newXDP(t, frame(64))
	if err := x.Load(make([]byte, x.Cap()+1)); err == nil {
		t.Error("a packet longer than the frame was loaded")
	}
	if err := x.Load(make([]byte, x.Cap())); err != nil {
		t.Error(err)
	}
	if _, err := NewXDP(MaxPacket + 1); err == nil {
		t.Error("a frame of any size was made")
	}
}
