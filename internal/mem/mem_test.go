package mem

import (
	"bytes"
	"testing"
)

func TestAllocGivesZeroedPages(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 4095, 4096, 100000, 1 << 22} {
		b, err := Alloc(n)
		if err != nil {
			t.Fatal(err)
		}
		if len(b) != n || AddrOf(b)%PageSize != 0 {
			t.Errorf("%d bytes at %#x for %d", len(b), AddrOf(b), n)
		}
		if bytes.Count(b, []byte{0}) != n {
			t.Errorf("%d bytes are not zeroed", n)
		}
		b[0], b[n-1] = 1, 2
		if err := Free(b); err != nil {
			t.Error(err)
		}
	}
	for _, n := range []int{0, -1} {
		if _, err := Alloc(n); err == nil {
			t.Errorf("Alloc(%d) succeeds", n)
		}
	}
	if err := Free(nil); err != nil {
		t.Error(err)
	}
}

func TestWordsAtAddresses(t *testing.T) {
	t.Parallel()
	b, err := Alloc(PageSize)
	if err != nil {
		t.Fatal(err)
	}
	defer Free(b)
	a := AddrOf(b)
	*a.U64() = 0x0102030405060708
	*(a + 8).U32() = 7
	*(a + 12).U16() = 8
	*(a + 14).U8() = 9
	if got := a.LoadU64(); got != 0x0102030405060708 {
		t.Errorf("word %#x", got)
	}
	if (a+8).AddU32(3) != 10 || !(a+8).CasU32(10, 11) || (a+8).CasU32(10, 12) || (a+8).SwapU32(4) != 11 {
		t.Error("4-byte atomics")
	}
	if (a+8).OrU32(3) != 4 || (a+8).AndU32(6) != 7 || (a+8).LoadU32() != 6 {
		t.Error("4-byte or and and")
	}
	(a + 16).StoreU64(5)
	if (a+16).AddU64(1) != 6 || !(a+16).CasU64(6, 7) || (a+16).SwapU64(1<<40) != 7 || (a+16).OrU64(1) != 1<<40 || (a+16).AndU64(1) != 1<<40|1 {
		t.Error("8-byte atomics")
	}
	(a + 24).ReleaseU32(1)
	(a + 32).ReleaseU64(2)
	if b[24] == 0 && b[27] == 0 || (a+32).LoadU64() != 2 {
		t.Error("release stores")
	}
}

func TestCopy(t *testing.T) {
	t.Parallel()
	for n := range 300 {
		for off := range 9 {
			src, dst := make([]byte, n+off), make([]byte, n+off)
			for i := range src {
				src[i] = byte(i * 7)
			}
			Copy(dst[off:], src[off:])
			if !bytes.Equal(dst[off:], src[off:]) {
				t.Fatalf("%d bytes at %d differ", n, off)
			}
		}
	}
}

func TestRange(t *testing.T) {
	t.Parallel()
	r := Range{1000, 100}
	for _, c := range []struct {
		a    Addr
		n    uint64
		want bool
	}{
		{1000, 100, true}, {1000, 101, false}, {999, 1, false}, {1099, 1, true}, {1100, 0, true},
		{1100, 1, false}, {1050, ^uint64(0), false}, {0, 0, false}, {^Addr(0), 2, false},
	} {
		if got := r.Has(c.a, c.n); got != c.want {
			t.Errorf("Has(%d, %d) = %v", c.a, c.n, got)
		}
	}
	if RangeOf(nil).Has(0, 1) {
		t.Error("an empty range has something")
	}
}

func TestRingDataIsThereTwice(t *testing.T) {
	t.Parallel()
	r, err := AllocRing(2*PageSize, PageSize)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Free()
	data := r.Base + Addr(r.Head)
	b := (data + PageSize - 4).Bytes(8)
	copy(b, "abcdefgh")
	r.Sync(PageSize-4, 8)
	if got := string(data.Bytes(4)); got != "efgh" {
		t.Errorf("the beginning is %q", got)
	}
	if got := string((data + 2*PageSize - 4).Bytes(4)); got != "abcd" {
		t.Errorf("the second end is %q", got)
	}
	for _, bad := range [][2]int{{1, PageSize}, {PageSize, 5}, {PageSize, 0}} {
		if _, err := AllocRing(bad[0], bad[1]); err == nil {
			t.Errorf("a ring of %v is mapped", bad)
		}
	}
}

func TestFlatRingIsKeptInStep(t *testing.T) {
	t.Parallel()
	r, err := allocFlat(PageSize, PageSize)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Free()
	data := r.Base + Addr(r.Head)
	// A record in the middle, one up to the border, one across it.
	for _, c := range []struct{ off, n int }{{100, 50}, {PageSize - 8, 8}, {PageSize - 8, 100}} {
		for i := range c.n {
			*(data + Addr(c.off+i)).U8() = byte(c.off + i)
		}
		r.Sync(c.off, c.n)
		for i := range c.n {
			at := Addr((c.off + i) % PageSize)
			if a, b := *(data + at).U8(), *(data + PageSize + at).U8(); a != byte(c.off+i) || b != a {
				t.Fatalf("byte %d of %+v: %d and %d", i, c, a, b)
			}
		}
	}
}
