package difftest

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/skepbpf/skep/internal/randprog"
	"github.com/skepbpf/skep/verifier"
)

// random is the program of a seed, and how it is checked.
func random(seed uint64, t *Tally) error {
	img := randprog.New(seed, &randprog.Options{NoMutation: seed%2 == 0})
	opts := &Options{Seed: seed, MaxSteps: 5_000}
	if seed%8 == 7 {
		opts.Trust = verifier.Sandbox
	}
	return Check(context.Background(), img, opts, t)
}

// TestRandomPrograms follows random programs that the verifier accepts: a few,
// always the same, or for as long as SOUNDTIME says, others every time.
func TestRandomPrograms(t *testing.T) {
	t.Parallel()
	first, most, end := uint64(0), 400, time.Time{}
	if s := os.Getenv("SOUNDTIME"); s != "" {
		d, err := time.ParseDuration(s)
		if err != nil {
			t.Fatal(err)
		}
		end, most, first = time.Now().Add(d), 1<<30, uint64(time.Now().UnixNano())
	}
	var tally Tally
	for i := range uint64(most) {
		if !end.IsZero() && time.Now().After(end) {
			break
		}
		if err := random(first+i, &tally); err != nil {
			t.Errorf("program %d: %v", first+i, err)
		}
	}
	if t.Log(&tally); tally.Programs == 0 {
		t.Error("none was accepted")
	}
}

// FuzzSound follows the programs that a fuzzer's bytes choose.
func FuzzSound(f *testing.F) {
	for _, seed := range []string{"", "a", "skep", "\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f"} {
		f.Add([]byte(seed), uint64(1))
	}
	f.Fuzz(func(t *testing.T, data []byte, seed uint64) {
		img := randprog.FromBytes(data, &randprog.Options{NoMutation: seed%2 == 0})
		opts := &Options{Seed: seed, Runs: 1, MaxInsns: 5_000, MaxSteps: 2_000}
		if err := Check(context.Background(), img, opts, new(Tally)); err != nil {
			t.Error(err)
		}
	})
}
