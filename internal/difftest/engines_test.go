package difftest

import (
	"context"
	"fmt"
	"math"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/skepbpf/skep/internal/randprog"
	"github.com/skepbpf/skep/verifier"
	"github.com/skepbpf/skep/vm/jit"
	"github.com/skepbpf/skep/vm/jit/emit"
)

// allEngines are the machine's code generator with everything, with nothing that
// may be left out, and for the plainest machine.
func allEngines(t testing.TB) []NamedEngine {
	t.Helper()
	var list []NamedEngine
	for _, c := range []struct {
		name string
		opts jit.Options
	}{
		{"jit", jit.Options{}},
		{"jit plain", jit.Options{Off: emit.OptAll, Plain: true}},
		{"jit optimised for a plain machine", jit.Options{Plain: true}},
	} {
		e, err := jit.New(&c.opts)
		if err != nil {
			t.Skip(err)
		}
		t.Cleanup(func() { _ = e.Close() })
		list = append(list, NamedEngine{c.name, e})
	}
	return list
}

func agree(t *testing.T, seed uint64, engines []NamedEngine, tally *EngineTally) error {
	img := randprog.New(seed, &randprog.Options{NoMutation: seed%4 != 0})
	opts := &Options{Seed: seed}
	if seed%8 == 7 {
		opts.Trust = verifier.Sandbox
	}
	if err := Agree(t.Context(), img, engines, opts, tally); err != nil {
		return fmt.Errorf("program %d: %w; %s\n%s", seed, err, blame(t, t.Context(), img, opts), text(img))
	}
	return nil
}

// differed are seeds of programs on which engines have differed.
var differed = []uint64{
	1795340466745692273, 1795340466745692546, 1795340466745694082, 1795340671092851924, 1795340671092852612, 1795340671092855054,
}

// TestEnginesDiffered runs programs on which engines have differed.
func TestEnginesDiffered(t *testing.T) {
	t.Parallel()
	engines := allEngines(t)
	for _, seed := range differed {
		if err := agree(t, seed, engines, new(EngineTally)); err != nil {
			t.Error(err)
		}
	}
}

// TestEnginesAgree runs random programs on all engines: a few, always the same,
// or for as long as ENGINETIME says, others every time; ENGINESEED is the first.
func TestEnginesAgree(t *testing.T) {
	t.Parallel()
	engines := allEngines(t)
	var tally EngineTally
	first, most, d := uint64(0), uint64(1500), time.Duration(0)
	if s := os.Getenv("ENGINETIME"); s != "" {
		var err error
		if d, err = time.ParseDuration(s); err != nil {
			t.Fatal(err)
		}
		first, most = uint64(time.Now().UnixNano()), math.MaxUint64
	}
	if s := os.Getenv("ENGINESEED"); s != "" {
		var err error
		if first, err = strconv.ParseUint(s, 0, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("the first is %d", first)
	end := time.Now().Add(d)
	failed := 0
	for i := uint64(0); i < most && (d == 0 || time.Now().Before(end)) && failed < 10; i++ {
		if err := agree(t, first+i, engines, &tally); err != nil {
			t.Error(err)
			failed++
		}
	}
	if t.Log(&tally); tally.Runs == 0 {
		t.Error("none was compared")
	}
}

// FuzzEngines compares the engines on the programs that a fuzzer's bytes choose.
func FuzzEngines(f *testing.F) {
	engines := allEngines(f)
	for _, seed := range []string{"", "a", "skep", "\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f"} {
		f.Add([]byte(seed), uint64(1))
	}
	f.Fuzz(func(t *testing.T, data []byte, seed uint64) {
		img := randprog.FromBytes(data, &randprog.Options{NoMutation: seed%2 == 0})
		opts := &Options{Seed: seed, Runs: 1, MaxInsns: 5_000, MaxSteps: 1 << 16}
		if err := Agree(context.Background(), img, engines, opts, new(EngineTally)); err != nil {
			t.Errorf("%v\n%s", err, text(img))
		}
	})
}
