package skep_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/skepbpf/skep"
	"github.com/skepbpf/skep/asm"
)

// load assembles and loads a program.
func load(t testing.TB, src string) *skep.Collection {
	t.Helper()
	img, err := asm.Parse(t.Name(), []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	coll, err := skep.NewCollection(skep.NewCollectionSpec(img))
	if err != nil {
		t.Fatalf("%v", err)
	}
	t.Cleanup(coll.Close)
	return coll
}

func only(t testing.TB, c *skep.Collection) *skep.Program {
	t.Helper()
	for _, p := range c.Programs {
		return p
	}
	t.Fatal("no program")
	return nil
}

func TestRunsEndWithTheirBudgetAndContext(t *testing.T) {
	t.Parallel()
	// Turns until the kernel's own limit of 2^23 ends it.
	p := only(t, load(t, `
		.program main section=xdp
		again:
			may_goto done
			goto again
		done:
			r0 = 2
			exit
	`))
	pkt := make([]byte, 64)
	if _, err := p.Run(&skep.RunOptions{Data: pkt, Budget: 1000}); err == nil {
		t.Error("a run went on beyond its budget")
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Millisecond)
	defer cancel()
	if _, err := p.Run(&skep.RunOptions{Data: pkt, Ctx: ctx, Repeat: 1000}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a run went on beyond its context: %v", err)
	}
}

func TestTestRunGivesThePacketBack(t *testing.T) {
	t.Parallel()
	p := only(t, load(t, `
		.program main section=xdp
			r2 = 4
			call bpf_xdp_adjust_head
			r0 = 2
			exit
	`))
	in := make([]byte, 64)
	for i := range in {
		in[i] = byte(i)
	}
	ret, out, err := p.Test(in)
	if err != nil || ret != 2 || len(out) != 60 || out[0] != 4 {
		t.Errorf("verdict %d, %d bytes, %v", ret, len(out), err)
	}
	if _, _, err := p.Test(in[:13]); err == nil {
		t.Error("a packet without an Ethernet header was taken")
	}
}

func TestRepeatCountsRuns(t *testing.T) {
	t.Parallel()
	p := only(t, load(t, `
		.program main section=xdp
			r0 = 1
			exit
	`))
	resets := 0
	ret, perRun, err := p.Benchmark(make([]byte, 64), 10, func() { resets++ })
	if err != nil || ret != 1 || perRun < 0 || resets != 9 {
		t.Errorf("%d, %v, %v, %d resets", ret, perRun, err, resets)
	}
}

func TestClosedProgramsRefuseToRun(t *testing.T) {
	t.Parallel()
	p := only(t, load(t, `
		.program main section=xdp
			r0 = 1
			exit
	`))
	c, err := p.Clone()
	if err != nil {
		t.Fatal(err)
	}
	p.Close()
	if _, err := c.Run(&skep.RunOptions{Data: make([]byte, 64)}); err != nil {
		t.Errorf("a clone died with its original: %v", err)
	}
	c.Close()
	if _, err := c.Run(&skep.RunOptions{Data: make([]byte, 64)}); !errors.Is(err, skep.ErrClosed) {
		t.Errorf("a closed program ran: %v", err)
	}
}
