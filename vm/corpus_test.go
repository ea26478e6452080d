package vm_test

import (
	"encoding/hex"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// TestCorpus runs testdata/run on every engine. A case is a txtar:
//
//	prog.s      the program main and what it needs
//	ctx         the memory at r1, in hex
//	progs       entries of program arrays: array, index, program
//	packet      what the legacy packet loads see, in hex
//	r0          the result
//	ctx-after   the memory at the end
//	fault       part of the error; only engines that check run such a case
//	only        the engines that can run the case
func TestCorpus(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join("testdata", "run", "*.txtar"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range files {
		a, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		c := corpusCase{}
		for _, f := range a.Files {
			c[f.Name] = string(f.Data)
		}
		for engine := range engines {
			if c["fault"] != "" && engine != "checked" {
				continue
			}
			if c["only"] != "" && !slices.Contains(strings.Fields(c["only"]), engine) {
				continue
			}
			name := strings.TrimSuffix(filepath.Base(file), ".txtar")
			t.Run(name+"/"+engine, func(t *testing.T) {
				t.Parallel()
				c.run(t, engine)
			})
		}
	}
}

// packetBytes is an event whose packet the legacy loads read.
type packetBytes []byte

func (p packetBytes) LoadPacket(off int32, size int) (v uint32, ok bool) {
	if off < 0 || int(off)+size > len(p) {
		return 0, false
	}
	for _, b := range p[off:][:size] {
		v = v<<8 | uint32(b)
	}
	return v, true
}

// corpusCase is a case's files by name.
type corpusCase map[string]string

func (c corpusCase) hex(t *testing.T, name string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.Join(strings.Fields(c[name]), ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (c corpusCase) run(t *testing.T, engine string) {
	ctx := c.hex(t, "ctx")
	w := newWorld(t, engine, "prog.s", []byte(c["prog.s"]), len(ctx))
	for line := range strings.Lines(c["progs"]) {
		var array, prog string
		var index uint32
		if _, err := fmt.Sscan(line, &array, &index, &prog); err != nil {
			t.Fatal(err)
		}
		w.hold(t, array, index, prog)
	}
	bctx, b := memory(t, max(len(ctx), 1))
	copy(b, ctx)
	r := w.runner(t, 0)
	r.Context().Event = packetBytes(c.hex(t, "packet"))
	r0, err := r.Run(w.progs["main"], bctx)
	if want := strings.TrimSpace(c["fault"]); want != "" {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	want, err := strconv.ParseUint(strings.TrimSpace(c["r0"]), 0, 64)
	if err != nil {
		t.Fatal(err)
	}
	if r0 != want {
		t.Errorf("r0 = %#x, want %#x", r0, want)
	}
	if after := c.hex(t, "ctx-after"); len(after) > 0 && string(after) != string(b) {
		t.Errorf("context %x, want %x", b, after)
	}
}
