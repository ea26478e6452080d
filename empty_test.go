package skep_test

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"github.com/skepbpf/skep"
	"github.com/skepbpf/skep/internal/bench"
)

const emptyText = ".program empty section=xdp\n    r0 = 2\n    exit\n"

// BenchmarkEmptyProgramRun measures what Program.Run costs: of a program that
// does nothing, on a packet of 64 bytes.
func BenchmarkEmptyProgramRun(b *testing.B) {
	p := only(b, load(b, emptyText))
	opts := &skep.RunOptions{Data: make([]byte, 64)}
	bench.Report(b, func(n int) error {
		for range n {
			if ret, err := p.Run(opts); ret != 2 || err != nil {
				return fmt.Errorf("%d, %w", ret, err)
			}
		}
		return nil
	})
}

func TestRunsDoNotAllocate(t *testing.T) {
	for _, section := range []string{"xdp", "tc", "socket"} {
		p := only(t, load(t, ".program empty section="+section+"\n    r0 = 2\n    exit\n"))
		opts := &skep.RunOptions{Data: make([]byte, 64)}
		if n := testing.AllocsPerRun(100, func() {
			if ret, err := p.Run(opts); ret != 2 || err != nil {
				t.Fatal(ret, err)
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations a run", section, n)
		}
	}
}

// TestRunsOneByOneSeeTheirOwnPackets runs a program that counts in its packet on
// packets of all lengths, with and without a look at the packet afterwards.
func TestRunsOneByOneSeeTheirOwnPackets(t *testing.T) {
	t.Parallel()
	p := only(t, load(t, `.program sum section=xdp
    r2 = *(u32 *)(r1 +0)
    r3 = *(u32 *)(r1 +4)
    r0 = r3
    r0 -= r2
    r4 = r2
    r4 += 14
    if r4 > r3 goto out
    r5 = *(u8 *)(r2 +13)
    r0 += r5
    r5 += 1
    *(u8 *)(r2 +13) = r5
out:
    exit
`))
	for _, n := range []int{14, 15, 64, 1514, 2047, 2048, 2049, 9000} {
		data := bytes.Repeat([]byte{100}, n)
		for range 3 {
			if ret, err := p.Run(&skep.RunOptions{Data: data}); err != nil || ret != uint32(n+100) {
				t.Errorf("%d bytes: %d, %v", n, ret, err)
			}
		}
		ret, out, err := p.Test(data)
		if err != nil || ret != uint32(n+100) || len(out) != n || out[13] != 101 {
			t.Errorf("%d bytes: %d, %d bytes out, %v", n, ret, len(out), err)
		}
	}
	if _, err := p.Run(&skep.RunOptions{Data: make([]byte, 13)}); err == nil {
		t.Error("a packet of 13 bytes was taken")
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Run(&skep.RunOptions{Data: make([]byte, 64)}); !errors.Is(err, skep.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}
