package difftest

import (
	"context"
	"fmt"
	"math"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/skepbpf/skep/asm"
	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/internal/randprog"
	"github.com/skepbpf/skep/verifier"
)

// random follows the program of a seed. A failure names all that is needed to
// see it again.
func random(seed uint64, t *Tally) error {
	img := randprog.New(seed, &randprog.Options{NoMutation: seed%2 == 0})
	opts := &Options{Seed: seed, MaxSteps: 5_000}
	if seed%8 == 7 {
		opts.Trust = verifier.Sandbox
	}
	if err := Check(context.Background(), img, opts, t); err != nil {
		return fmt.Errorf("program %d: %w\n%s", seed, err, text(img))
	}
	return nil
}

func text(img *image.Program) []byte {
	return asm.Format(&image.Collection{Programs: []*image.Program{img}, Maps: img.Maps})
}

// TestRandomPrograms follows random programs that the verifier accepts: a few,
// always the same, or for as long as SOUNDTIME says, others every time;
// SOUNDSEED is the first.
func TestRandomPrograms(t *testing.T) {
	t.Parallel()
	var tally Tally
	first, most, d := uint64(0), uint64(400), time.Duration(0)
	if s := os.Getenv("SOUNDTIME"); s != "" {
		var err error
		if d, err = time.ParseDuration(s); err != nil {
			t.Fatal(err)
		}
		first, most = uint64(time.Now().UnixNano()), math.MaxUint64
	}
	if s := os.Getenv("SOUNDSEED"); s != "" {
		var err error
		if first, err = strconv.ParseUint(s, 0, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("the first is %d", first)
	end := time.Now().Add(d)
	for i := uint64(0); i < most && (d == 0 || time.Now().Before(end)); i++ {
		if err := random(first+i, &tally); err != nil {
			t.Error(err)
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
			t.Errorf("%v\n%s", err, text(img))
		}
	})
}
