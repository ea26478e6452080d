package object_test

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/isa"
	"github.com/skepbpf/skep/object"
)

// readLimit is how long reading a small object may take, however hostile, on
// a machine that has other things to do. On an idle one it is 2 seconds.
const readLimit = 30 * time.Second

// checkRead reads an object and holds what comes out against the promises of
// package image.
func checkRead(t *testing.T, data []byte) {
	t.Helper()
	start := time.Now()
	c, err := object.Read("fuzz.o", bytes.NewReader(data), nil)
	if err == nil {
		checkImage(t, c)
		checkImage(t, object.Resolve(c, &object.Target{
			KernelTypes: kernelOf(t, "testdata/core_target.bpf.o"), KernelVersion: 6 << 16, Kconfig: config(skepConfig),
		}))
	} else if strings.Contains(err.Error(), "malformed object") {
		t.Errorf("a library's panic, or ours: %v", err)
	}
	if d := time.Since(start); d > readLimit {
		t.Errorf("%d bytes took %v", len(data), d)
	}
}

// checkImage checks that every reference of a collection stays within its
// tables.
func checkImage(t *testing.T, c *image.Collection) {
	t.Helper()
	for _, p := range c.Programs {
		if len(p.Funcs) == 0 && p.Err == nil {
			t.Fatalf("program %q has no functions", p.Name)
		}
		for i, f := range p.Funcs {
			if f.Start >= len(p.Insns) || (i == 0) != (f.Start == 0) || (i > 0 && f.Start <= p.Funcs[i-1].Start) {
				t.Fatalf("program %q: function %d starts at %d of %d", p.Name, i, f.Start, len(p.Insns))
			}
		}
		for i := 0; i < len(p.Insns); i++ {
			in := p.Insns[i]
			n := -1
			switch {
			case in.Op == isa.CallOp && in.Src() == isa.CallKfunc:
				n = len(p.Kfuncs)
			case in.IsWide() && (in.Src() == isa.PseudoMapIdx || in.Src() == isa.PseudoMapIdxValue):
				n = len(p.Maps)
			case in.IsWide() && in.Src() == isa.PseudoBTFID:
				n = len(p.Ksyms)
			}
			if n >= 0 && in.Imm != -1 && (in.Imm < 0 || int(in.Imm) >= n) {
				t.Fatalf("program %q: slot %d: index %d of %d", p.Name, i, in.Imm, n)
			}
			if in.IsWide() {
				i++
			}
		}
		last := -1
		for _, l := range p.Lines {
			if l.Slot < last || l.Slot >= len(p.Insns) {
				t.Fatalf("program %q: line at %d of %d after %d", p.Name, l.Slot, len(p.Insns), last)
			}
			last = l.Slot
		}
		for _, r := range p.CORE {
			if r.Slot >= len(p.Insns) || len(r.Access) == 0 {
				t.Fatalf("program %q: CO-RE relocation %+v", p.Name, r)
			}
		}
	}
	for _, m := range c.Maps {
		for _, e := range m.Contents {
			if m.Section != "" && len(e.Value) != int(m.ValueSize) {
				t.Fatalf("map %q: %d bytes of %d", m.Name, len(e.Value), m.ValueSize)
			}
		}
	}
	for _, v := range c.Variables {
		if v.Map == nil || (v.Map.Section != "" && v.Offset+v.Size > v.Map.ValueSize) {
			t.Fatalf("variable %+v lies outside of its map", v)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, path := range ownObjects(f) {
		data, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(checkRead)
}

// TestReadTruncated reads every prefix of objects.
func TestReadTruncated(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"testdata/maps.bpf.o", "testdata/structops.bpf.o"} {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for n := range data {
			if _, err := object.Read("short.o", bytes.NewReader(data[:n]), nil); err == nil && n < 64 {
				t.Fatalf("%s: %d bytes are an object", name, n)
			}
			if n%97 == 0 {
				checkRead(t, data[:n])
			}
		}
	}
}

// TestReadDamaged reads objects in which words were overwritten by values that
// readers trip over.
func TestReadDamaged(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(1, 2))
	words := []uint32{0, 1, 0xffffffff, 0x7fffffff, 0x80000000, 0xffff, 0x10000, 8, 7}
	for _, path := range ownObjects(t) {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for range 300 {
			bad := bytes.Clone(data)
			for range 1 + rnd.IntN(4) {
				at := rnd.IntN(len(bad)-4) &^ (rnd.IntN(2) * 3)
				if rnd.IntN(3) == 0 {
					bad[at] ^= 1 << rnd.IntN(8)
				} else {
					binary.LittleEndian.PutUint32(bad[at:], words[rnd.IntN(len(words))])
				}
			}
			checkRead(t, bad)
		}
	}
}

func FuzzParseKconfig(f *testing.F) {
	f.Add([]byte(skepConfig))
	f.Add([]byte{0x1f, 0x8b, 8, 0})
	f.Add([]byte("CONFIG_=\nCONFIG_X=\"\nCONFIG_Y==\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		vals, err := object.ParseKconfig(bytes.NewReader(data))
		if err != nil {
			return
		}
		for name, val := range vals {
			if !strings.HasPrefix(name, "CONFIG_") || val == "" {
				t.Errorf("%q=%q", name, val)
			}
		}
		// Whatever the values are, they are set or refused.
		c, err := object.Open("testdata/externs.bpf.o", nil)
		if err != nil {
			t.Fatal(err)
		}
		object.Resolve(c, &object.Target{KernelVersion: 1, Kconfig: func() (map[string]string, error) { return vals, nil }})
	})
}

func FuzzParseRelease(f *testing.F) {
	for _, s := range []string{"6.18.44", "6.1.0-42-amd64", "6.18-rc1", "..", "99999.1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if v, err := object.ParseRelease(s); err == nil && (s == "" || s[0] < '0' || s[0] > '9') {
			t.Errorf("%q is release %#x", s, v)
		}
	})
}
