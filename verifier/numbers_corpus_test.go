package verifier_test

import (
	"context"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/skepbpf/skep/internal/corpus"
	"github.com/skepbpf/skep/isa"
	"github.com/skepbpf/skep/verifier"
)

// useful counts facts, and where they could be.
type useful struct {
	programs, slots, gaveUp, steps int
	zext, zextOff                  int
	div, divNonZero                int
	sdiv, sdivSafe                 int
	jumps, decided                 int
	results64, fits32              int
	constants, sources             int
	lookups, inBounds              int
	packets                        int
}

func (u *useful) add(p *verifier.Program) {
	img, n := p.Image(), p.Numbers()
	u.programs++
	u.steps += n.Stats().Steps
	if n.Stats().GaveUp {
		u.gaveUp++
	}
	for s, in := range img.Insns {
		f, k := p.Fact(s), n.At(s)
		if !f.Reached {
			continue
		}
		u.slots++
		if f.Packet > 0 {
			u.packets++
		}
		x := in.Op.IsX()
		switch c, code := in.Op.Class(), in.Op.Code(); c {
		case isa.ClassAlu, isa.ClassAlu64:
			if c == isa.ClassAlu {
				count(&u.zext, &u.zextOff, !f.ZExt32)
			} else {
				count(&u.results64, &u.fits32, k.Has(verifier.NumberFits32))
			}
			if x && (code == isa.Div || code == isa.Mod) {
				count(&u.div, &u.divNonZero, k.Has(verifier.NumberNonZero))
			}
			if (code == isa.Div || code == isa.Mod) && in.Off == 1 {
				count(&u.sdiv, &u.sdivSafe, k.Has(verifier.NumberNoOverflow))
			}
			if k.Has(verifier.NumberResult) {
				u.constants++
			}
			if x && k.Has(verifier.NumberSource) {
				u.sources++
			}
		case isa.ClassJmp, isa.ClassJmp32:
			switch code {
			case isa.Call:
				if in.Src() == isa.CallHelper && in.Imm == 1 {
					count(&u.lookups, &u.inBounds, k.Has(verifier.NumberInBounds))
				}
			case isa.Exit, isa.JA, isa.JCond:
			default:
				if p.Fact(s+1).Reached && p.Fact(s+1+int(in.Off)).Reached {
					count(&u.jumps, &u.decided, k.Has(verifier.NumberAlways) || k.Has(verifier.NumberNever))
				}
			}
		}
	}
}

func count(all, some *int, is bool) {
	*all++
	if is {
		*some++
	}
}

func percent(a, b int) float64 {
	if b == 0 {
		return 0
	}
	return 100 * float64(a) / float64(b)
}

// acceptedPrograms verifies the programs of the objects in the folder that
// SKEP_ORACLE_OBJS names.
func acceptedPrograms(t testing.TB, each func(file string, p *verifier.Program)) {
	objs := corpus.Open(t, "*.bpf.o")
	for file, coll := range objs.Objects() {
		for _, img := range coll.Programs {
			if img.Err != nil {
				continue
			}
			p, err := verifier.Verify(context.Background(), img, &verifier.Options{KernelTypes: objs.Types, CPUs: 2})
			if err == nil {
				each(file, p)
			}
		}
	}
}

// TestNumbersOfTheObjects runs the pass over every accepted program of the
// objects: it must never give up, take time in proportion to the program, and
// find something.
func TestNumbersOfTheObjects(t *testing.T) {
	u := &useful{}
	type timing struct {
		name  string
		slots int
		took  time.Duration
		stats verifier.NumberStats
	}
	var all []timing
	var total time.Duration
	acceptedPrograms(t, func(file string, p *verifier.Program) {
		n := p.Numbers()
		took := time.Duration(math.MaxInt64)
		for range 3 { // the machine may be busy
			begin := time.Now()
			p.AnewNumbers()
			took = min(took, time.Since(begin))
		}
		total += took
		all = append(all, timing{file + " " + p.Image().Name, len(p.Image().Insns), took, n.Stats()})
		u.add(p)
	})
	per := func(x timing) float64 { return float64(x.took.Nanoseconds()) / float64(x.slots) }
	slices.SortFunc(all, func(a, b timing) int { return b.slots - a.slots })
	for _, x := range all[:min(12, len(all))] {
		t.Logf("%6d slots %9v %6.0f ns/slot %5.2f rounds %s", x.slots, x.took, per(x), float64(x.stats.Steps)/float64(x.slots), x.name)
	}
	slices.SortFunc(all, func(a, b timing) int { return int(per(b) - per(a)) })
	big := slices.DeleteFunc(slices.Clone(all), func(x timing) bool { return x.slots < 100 })
	for _, x := range big[:min(6, len(big))] {
		t.Logf("slowest: %6d slots %9v %6.0f ns/slot %5.2f rounds %s", x.slots, x.took, per(x), float64(x.stats.Steps)/float64(x.slots), x.name)
	}
	t.Logf("%d programs, %d slots reached, %.0f ns a slot, median %.0f, %.2f rounds, %d gave up",
		u.programs, u.slots, float64(total.Nanoseconds())/float64(u.slots), per(all[len(all)/2]), float64(u.steps)/float64(u.slots), u.gaveUp)
	t.Logf("upper half not read: %d of %d 32-bit operations, %.1f %%", u.zextOff, u.zext, percent(u.zextOff, u.zext))
	t.Logf("64-bit results that fit in 32 bits: %d of %d, %.1f %%", u.fits32, u.results64, percent(u.fits32, u.results64))
	t.Logf("divisors in registers never zero: %d of %d; signed ones that cannot overflow: %d of %d", u.divNonZero, u.div, u.sdivSafe, u.sdiv)
	t.Logf("branches with two sides decided: %d of %d, %.2f %%", u.decided, u.jumps, percent(u.decided, u.jumps))
	t.Logf("constant results: %d, constant operands in registers: %d", u.constants, u.sources)
	t.Logf("lookups of elements that are there: %d of %d; packet accesses with a range: %d", u.inBounds, u.lookups, u.packets)
	if u.gaveUp > 0 {
		t.Errorf("%d programs were too much", u.gaveUp)
	}
	if u.steps > 8*u.slots {
		t.Errorf("%d steps for %d slots", u.steps, u.slots)
	}
	if u.decided == 0 || u.divNonZero == 0 || u.zextOff == 0 || u.fits32 == 0 || u.inBounds == 0 {
		t.Errorf("some fact is never found: %+v", *u)
	}
}
