package verifier_test

import (
	"context"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strings"
	"testing"

	"github.com/skepbpf/skep/asm"
	"github.com/skepbpf/skep/verifier"
)

// noExample are the codes that no short text can show, with the reason.
var noExample = map[string]string{
	"Internal":      "no program reaches it",
	"TooManyJumps":  "needs thousands of branches",
	"Canceled":      "the caller's doing, not the program's",
	"TooMuchMemory": "needs a flag that the text form has no word for",
	"BadInsn":       "the assembler writes none",
	"BadReg":        "the assembler writes none",
	"Recursion":     "the walk meets CallDepth first",
	"GlobalArgs":    "needs BTF",
	"GlobalFunc":    "needs BTF",
	"Lock":          "needs BTF of the map",
	"RCU":           "needs kernel functions",
	"Preempt":       "needs kernel functions",
	"IRQ":           "needs kernel functions",
	"Kfunc":         "needs kernel functions",
	"KfuncArg":      "needs kernel functions",
	"Iterator":      "needs kernel functions",
	"Kptr":          "needs BTF of the map",
	"MapField":      "needs BTF of the map",
	"BTF":           "needs BTF",
	"BTFAccess":     "needs BTF",
	"Attach":        "needs an attach target",
	"ProgMap":       "needs map flags beyond the text",
	"Arena":         "needs an arena with BTF",
	"Exception":     "needs kernel functions",
	"Invariant":     "the bounds never contradict",
	"Unsupported":   "no rule is missing",
}

// TestPages verifies every page's example and holds its summary against the
// code's doc comment.
func TestPages(t *testing.T) {
	t.Parallel()
	docs := codeDocs(t)
	for _, c := range verifier.Codes() {
		t.Run(c.String(), func(t *testing.T) {
			t.Parallel()
			p, ok := c.Page()
			if !ok {
				t.Fatal("no page")
			}
			if doc := docs[c.String()]; !strings.EqualFold(p.Summary, doc+".") {
				t.Errorf("the page says %q, the doc comment %q", p.Summary, doc)
			}
			if p.Advice == "" {
				t.Error("no advice")
			}
			if why, none := noExample[c.String()]; none != (p.Example == "") {
				t.Fatalf("example %q, but reason for none %q", p.Example, why)
			}
			if p.Example != "" {
				checkExample(t, p)
			}
		})
	}
	files, err := os.ReadDir("pages")
	if err != nil || len(files) != len(verifier.Codes()) {
		t.Errorf("%d pages for %d codes, %v", len(files), len(verifier.Codes()), err)
	}
	if _, ok := verifier.Code(0).Page(); ok {
		t.Error("code 0 has a page")
	}
}

func checkExample(t *testing.T, p verifier.Page) {
	coll, err := asm.Parse(p.Code.String()+".s", []byte(p.Example))
	if err != nil {
		t.Fatal(err)
	}
	rejected := 0
	for _, prog := range coll.Programs {
		opts := &verifier.Options{}
		switch prog.Name {
		case "mended":
			if _, err := verifier.Verify(context.Background(), prog, opts); err != nil {
				t.Errorf("mended: %v", err)
			}
			continue
		case "rejected_unprivileged":
			opts.Trust = verifier.Sandbox
		case "rejected":
		default:
			t.Fatalf("program %s", prog.Name)
		}
		rejected++
		var rej *verifier.Error
		if _, err := verifier.Verify(context.Background(), prog, opts); !errors.As(err, &rej) || rej.Code != p.Code {
			t.Errorf("%s: %v, want a rejection with code %s", prog.Name, describe(err), p.Code)
		}
	}
	if rejected == 0 {
		t.Error("no program is rejected")
	}
}

func describe(err error) string {
	var rej *verifier.Error
	if errors.As(err, &rej) {
		return rej.Code.String() + ": " + err.Error()
	}
	if err == nil {
		return "accepted"
	}
	return err.Error()
}

// codeDocs are the comments beside the codes.
func codeDocs(t *testing.T) map[string]string {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), "reject.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	docs := map[string]string{}
	ast.Inspect(f, func(n ast.Node) bool {
		if v, ok := n.(*ast.ValueSpec); ok && v.Comment != nil {
			if name, ok := strings.CutPrefix(v.Names[0].Name, "Code"); ok {
				docs[name] = strings.TrimSpace(v.Comment.Text())
			}
		}
		return true
	})
	return docs
}
