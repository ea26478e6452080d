package main

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/skepbpf/skep/internal/qemu"
)

// runEngines lets machines compare runs until the time is over.
func (s *series) runEngines(ctx context.Context) error {
	var err error
	if s.image, err = qemu.Kernel(ctx, s.dir, s.release); err != nil {
		return err
	}
	begin := time.Now()
	for end := begin.Add(s.limit); time.Until(end) > 0 && s.left > 0; {
		var seeds []uint64
		for ; len(seeds) < min(batch, s.left); s.next++ {
			seeds = append(seeds, s.next)
		}
		s.left -= len(seeds)
		err := s.machines(ctx, seeds, end, "-engines", "-insns", strconv.Itoa(maxInsns), "-time", time.Until(end).Round(time.Second).String())
		if err != nil {
			return err
		}
	}
	s.elapsed = time.Since(begin)
	return nil
}

// reportRuns prints what was compared, and reports whether all runs ended alike
// and no machine died.
func (s *series) reportRuns() bool {
	fmt.Printf("Linux %s: %s in %s\n", s.title, &s.runs, s.elapsed.Round(time.Second))
	for i, b := range s.bad {
		fmt.Printf("\nseed %d: %s\n", b.Seed, b.What)
		if i < 5 {
			fmt.Println(b.Program)
		}
	}
	for _, text := range append(s.dead, s.trouble...) {
		fmt.Println(text)
	}
	return len(s.bad) == 0 && len(s.dead) == 0
}
