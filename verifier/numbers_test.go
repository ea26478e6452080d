package verifier_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/skepbpf/skep/asm"
	"github.com/skepbpf/skep/isa"
	"github.com/skepbpf/skep/verifier"
)

// TestFacts compares the facts of the programs of testdata/numbers, a line an
// instruction, with the files' "facts". vm runs the same programs and holds
// every step against the facts.
func TestFacts(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join("testdata", "numbers", "*.txtar"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			a, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			parts := map[string]*txtar.File{}
			for i := range a.Files {
				parts[a.Files[i].Name] = &a.Files[i]
			}
			got := factsOf(t, file, string(parts["prog.s"].Data))
			want := parts["facts"]
			if want == nil {
				a.Files = append(a.Files, txtar.File{Name: "facts"})
				want = &a.Files[len(a.Files)-1]
			}
			if *update {
				want.Data = []byte(got)
				if err := os.WriteFile(file, txtar.Format(a), 0o666); err != nil {
					t.Fatal(err)
				}
				return
			}
			if d := cmp.Diff(string(want.Data), got); d != "" {
				t.Errorf("facts differ (-want +got):\n%s", d)
			}
		})
	}
}

// factsOf lists the facts of a text's programs.
func factsOf(t *testing.T, name, text string) string {
	t.Helper()
	coll, err := asm.Parse(name, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for _, img := range coll.Programs {
		giveTypes(img, nil)
		p, err := verifier.Verify(context.Background(), img, nil)
		if err != nil {
			t.Fatalf("%+v", err)
		}
		pr := &isa.Printer{}
		for s := 0; s < len(img.Insns); s++ {
			var hi isa.Insn
			if img.Insns[s].IsWide() {
				hi = img.Insns[s+1]
			}
			line := fmt.Sprintf("%3d %-34s %s", s, pr.Format(s, img.Insns[s], hi), p.FactText(s))
			fmt.Fprintln(&out, strings.TrimRight(line, " "))
			if img.Insns[s].IsWide() {
				s++
			}
		}
		for _, f := range p.Funcs() {
			fmt.Fprintf(&out, "function %d..%d, %d bytes of stack, calls %v\n", f.Start, f.End, f.Depth, f.Calls)
		}
	}
	return out.String()
}
