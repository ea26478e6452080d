package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/skepbpf/skep/internal/difftest"
	"github.com/skepbpf/skep/internal/qemu"
	"github.com/skepbpf/skep/internal/randprog"
	"github.com/skepbpf/skep/internal/vmfuzz"
)

// batch is how many programs one machine gets.
const batch = 4000

// maxInsns is how many instructions a program may take to verify: an emulated
// kernel is slow.
const maxInsns = 20000

// maxDeaths is how many machines may die before the kernel is given up.
const maxDeaths = 50

// series is the row of machines with one kernel.
type series struct {
	release, dir string
	init, guest  []byte
	next         uint64 // seed
	left         int
	explain      int
	limit        time.Duration

	image   string
	title   string // what the guest says of itself: release and CPUs
	last    uint64 // the seed tried last
	tried   bool
	dead    []string
	suspect uint64 // the seed at which a machine died last
	faults  int    // deaths that did not happen again
	trouble []string

	programs, accepted, agreed, tooLong int
	noVerdict                           int
	why                                 string
	elapsed                             time.Duration
	skep                                map[uint64]vmfuzz.Verdict
	answers                             []vmfuzz.Answer
	differ                              []vmfuzz.Difference
	looked                              []vmfuzz.Difference
	bad                                 []vmfuzz.BadRun
	runs                                difftest.EngineTally
}

func (s *series) run(ctx context.Context) error {
	var err error
	if s.image, err = qemu.Kernel(ctx, s.dir, s.release); err != nil {
		return err
	}
	begin := time.Now()
	for end := begin.Add(s.limit); time.Until(end) > 0 && s.left > 0 && len(s.dead)+s.faults < maxDeaths; {
		seeds, err := s.prepare(ctx)
		if err != nil {
			return err
		}
		if err := s.machines(ctx, seeds, end, "-time", time.Until(end).Round(time.Second).String()); err != nil {
			return err
		}
		s.compare()
	}
	s.elapsed = time.Since(begin)
	seeds := s.worst()
	if len(seeds) == 0 {
		return nil
	}
	return s.machines(ctx, seeds, time.Now().Add(time.Hour), "-explain", "-insns", strconv.Itoa(maxInsns))
}

// prepare asks skep about the next programs, and leaves out those that take it
// too long.
func (s *series) prepare(ctx context.Context) ([]uint64, error) {
	j := vmfuzz.Judge{CPUs: 1, MaxInsns: maxInsns}
	s.skep = make(map[uint64]vmfuzz.Verdict)
	var seeds []uint64
	for ; len(seeds) < min(batch, s.left); s.next++ {
		v, err := j.Skep(ctx, randprog.New(s.next, nil))
		switch {
		case vmfuzz.TooLong(err):
			s.tooLong++
			continue
		case err != nil:
			return nil, fmt.Errorf("seed %d: %w", s.next, err)
		}
		s.skep[s.next] = v
		seeds = append(seeds, s.next)
	}
	s.left -= len(seeds)
	return seeds, nil
}

// machines tries seeds, with a further machine behind each one that dies.
func (s *series) machines(ctx context.Context, seeds []uint64, end time.Time, args ...string) error {
	early := 0
	for len(seeds) > 0 && time.Until(end) > 0 {
		s.tried = false
		var list strings.Builder
		for _, seed := range seeds {
			fmt.Fprintln(&list, seed)
		}
		m := &qemu.Machine{
			Kernel: s.image, Dir: filepath.Join(s.dir, "run-"+s.release), Init: s.init, Test: s.guest, Memory: 768,
			Args: append([]string{"-vm"}, args...), Files: []qemu.File{{Path: "seeds", Mode: 0o644, Data: []byte(list.String())}},
			Quiet: 3 * time.Minute, Line: s.line,
		}
		r, err := m.Run(ctx)
		switch {
		case err != nil:
			return err
		case r.Exited && r.Code == 0:
			s.trouble = append(s.trouble, r.Trouble...)
			return nil
		case r.Exited:
			return fmt.Errorf("the guest ended with %d", r.Code)
		case !s.tried && early < 3:
			// An emulated machine may fail while it starts.
			early++
			continue
		case !s.tried:
			return fmt.Errorf("the machine died before it began: %s", strings.Join(r.Trouble, "; "))
		}
		how := "the kernel died"
		if r.Hung {
			how = "the machine hung"
		}
		for i, seed := range seeds {
			if seed == s.last {
				seeds = seeds[i:]
				break
			}
		}
		if s.suspect != s.last {
			// Emulation has faults of its own: what happens once may be one.
			s.suspect = s.last
			s.faults++
			continue
		}
		s.faults--
		seeds = seeds[1:]
		s.dead = append(s.dead, fmt.Sprintf("seed %d: %s: %s", s.last, how, strings.Join(r.Trouble, "; ")))
		if len(s.dead)+s.faults >= maxDeaths {
			return errors.New("too many machines died: " + strings.Join(s.dead, "\n"))
		}
	}
	return nil
}

// line takes what the guest prints.
func (s *series) line(text string) {
	mark := func(prefix string, v any) bool {
		rest, ok := strings.CutPrefix(text, prefix)
		return ok && json.Unmarshal([]byte(rest), v) == nil
	}
	var a vmfuzz.Answer
	var d vmfuzz.Difference
	var b vmfuzz.BadRun
	var tally difftest.EngineTally
	switch rest, seed := strings.CutPrefix(text, vmfuzz.SeedMark); {
	case seed:
		if n, err := strconv.ParseUint(rest, 10, 64); err == nil {
			s.last, s.tried = n, true
		}
	case mark(vmfuzz.AnswerMark, &a):
		s.answers = append(s.answers, a)
	case mark(vmfuzz.DifferenceMark, &d):
		s.looked = append(s.looked, d)
	case mark(vmfuzz.RunMark, &b):
		s.bad = append(s.bad, b)
	case mark(vmfuzz.TallyMark, &tally):
		s.runs.Add(&tally)
	case text == vmfuzz.AliveMark:
	case strings.HasPrefix(text, "# "):
		s.title = text[2:]
	case strings.TrimSpace(text) != "":
		fmt.Printf("%s: guest: %s\n", s.release, text)
	}
}

// compare holds the kernel's answers against skep's.
func (s *series) compare() {
	exact := strings.HasPrefix(s.title, "6.18.")
	for _, a := range s.answers {
		if a.Why != "" {
			s.noVerdict++
			s.why = fmt.Sprintf("seed %d: %s", a.Seed, a.Why)
			continue
		}
		s.programs++
		skep := s.skep[a.Seed]
		if skep.Accepted {
			s.accepted++
		}
		kind := vmfuzz.Compare(skep, a.Verdict, exact)
		if kind == vmfuzz.Same {
			s.agreed++
			continue
		}
		s.differ = append(s.differ, vmfuzz.Difference{Seed: a.Seed, Kind: kind, Skep: skep, Kernel: a.Verdict})
	}
	s.answers = nil
}

// worst are the seeds to look into: of each kind of difference those that
// look unlike any other first, and no kind takes the place of the others.
func (s *series) worst() []uint64 {
	var seeds []uint64
	taken := make(map[uint64]bool)
	for round := 1; round <= 1000 && len(seeds) < min(s.explain, len(s.differ)); round *= 4 {
		for _, kind := range vmfuzz.Kinds {
			seen := make(map[string]int)
			share := len(seeds) + max(1, s.explain/len(vmfuzz.Kinds))
			for i := range s.differ {
				d := &s.differ[i]
				if d.Kind != kind || taken[d.Seed] || len(seeds) >= min(s.explain, share) {
					continue
				}
				if key := d.Key(); seen[key] < round {
					seen[key]++
					taken[d.Seed] = true
					seeds = append(seeds, d.Seed)
				}
			}
		}
	}
	return seeds
}
