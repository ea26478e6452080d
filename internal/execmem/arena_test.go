package execmem

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/skepbpf/skep/internal/mem"
)

func newArena(t *testing.T, size int) *Arena {
	t.Helper()
	a, err := NewArena(size)
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	return a
}

func TestCodeIsReadWhereItRuns(t *testing.T) {
	t.Parallel()
	a := newArena(t, mem.PageSize)
	b, err := a.Place([]byte{1, 2, 3})
	if err != nil {
		t.Fatal(err)
	}
	if got := b.Addr().Bytes(4); !bytes.Equal(got, []byte{1, 2, 3, trap}) {
		t.Errorf("%x", got)
	}
	if lo, hi := a.Range(); b.Addr() < lo || b.Addr() >= hi || b.Addr()%align != 0 {
		t.Errorf("placed at %#x of %#x to %#x", b.Addr(), lo, hi)
	}
	b.Free()
	b.Free()
	if a.Used() != 0 {
		t.Errorf("%d bytes in use", a.Used())
	}
}

func TestFullArenas(t *testing.T) {
	t.Parallel()
	a := newArena(t, mem.PageSize)
	b, err := a.Place(make([]byte, mem.PageSize))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.Place([]byte{1}); !errors.Is(err, ErrFull) {
		t.Errorf("error %v", err)
	}
	b.Free()
	if _, err := a.Place([]byte{1}); err != nil {
		t.Error(err)
	}
}

func TestMemoryIsUsedOnceOnDemand(t *testing.T) {
	t.Parallel()
	a := newArena(t, mem.PageSize)
	for _, want := range []error{nil, ErrFull} {
		b, err := a.Place(make([]byte, mem.PageSize))
		if !errors.Is(err, want) {
			t.Errorf("error %v, want %v", err, want)
		}
		if err == nil {
			a.UseOnce()
			b.Free()
			b.Free()
		}
	}
	if a.Used() != 0 {
		t.Errorf("%d bytes in use", a.Used())
	}
}

// TestBlocksDoNotOverlap places and frees at random; at the end all is one free
// range again.
func TestBlocksDoNotOverlap(t *testing.T) {
	t.Parallel()
	a := newArena(t, 64*mem.PageSize)
	r := rand.New(rand.NewPCG(1, 2))
	type placed struct {
		b    *Block
		code []byte
	}
	var all []placed
	drop := func(i int) {
		p := all[i]
		if !bytes.Equal(p.b.Addr().Bytes(len(p.code)), p.code) {
			t.Fatal("a block was overwritten")
		}
		p.b.Free()
		all = append(all[:i], all[i+1:]...)
	}
	for range 5000 {
		if len(all) > 0 && r.IntN(2) == 0 {
			drop(r.IntN(len(all)))
			continue
		}
		code := bytes.Repeat([]byte{byte(r.Uint32())}, 1+r.IntN(3000))
		b, err := a.Place(code)
		if errors.Is(err, ErrFull) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, placed{b, code})
	}
	for len(all) > 0 {
		drop(0)
	}
	if len(a.free) != 1 || a.free[0].len != 64*mem.PageSize {
		t.Errorf("free: %v", a.free)
	}
}
