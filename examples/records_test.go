package examples_test

import (
	"errors"
	"os"
	"testing"
	"time"

	"github.com/skepbpf/skep"
	"github.com/skepbpf/skep/ringbuf"
)

// records are what a ring buffer holds.
func records(t *testing.T, m *skep.Map) [][]byte {
	t.Helper()
	r, err := ringbuf.NewReader(m)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	r.SetDeadline(time.Now())
	var all [][]byte
	for {
		rec, err := r.Read()
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, rec.RawSample)
	}
}
