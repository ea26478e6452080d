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

	"github.com/cilium/ebpf/btf"

	"github.com/skepbpf/skep/asm"
	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/object"
	"github.com/skepbpf/skep/verifier"
)

// noExample are the codes that no short text can show, with the test that
// says why.
var noExample = map[string]string{
	"Invariant":     "depends on how well bounds are kept, and needs a flag for tests",
	"Unsupported":   "TestEveryCodeIsUsed: nothing has it",
	"Canceled":      "TestCanceled",
	"TooMuchMemory": "TestMemory",
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
			if p.Text == "" {
				t.Error("no text")
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

// checkExample verifies the programs of a page.
func checkExample(t *testing.T, p verifier.Page) {
	coll, kernel := pageExample(t, p)
	rejected, mended := 0, 0
	for _, prog := range coll.Programs {
		if prog.Err != nil {
			t.Fatal(prog.Err)
		}
		opts := &verifier.Options{KernelTypes: kernel}
		name, unprivileged := strings.CutSuffix(prog.Name, "_unprivileged")
		if unprivileged {
			opts.Trust = verifier.Sandbox
		}
		_, err := verifier.Verify(t.Context(), prog, opts)
		switch name {
		case "mended":
			mended++
			if err != nil {
				t.Errorf("mended: %v", describe(err))
			}
		case "rejected":
			rejected++
			var rej *verifier.Error
			if !errors.As(err, &rej) || rej.Code != p.Code {
				t.Fatalf("%s: %v, want a rejection with code %s", prog.Name, describe(err), p.Code)
			}
			name, lines := rej.Errno.String(), strings.TrimPrefix(rej.Detail+"\n"+rej.Msg, "\n")
			if lines != p.Linux || name != p.Errno {
				t.Errorf("the page says %s %q, the verifier %s %q", p.Errno, p.Linux, name, lines)
			}
		default:
			t.Fatalf("program %s", prog.Name)
		}
	}
	if rejected != 1 || mended != 1 {
		t.Errorf("%d programs are rejected, %d mended, want one of each", rejected, mended)
	}
}

// pageExample is a page's example, fitted to the kernel types that come back
// with it.
func pageExample(t *testing.T, p verifier.Page) (*image.Collection, *btf.Spec) {
	t.Helper()
	if strings.HasSuffix(p.File, ".s") {
		coll, err := asm.Parse(p.File, []byte(p.Example))
		if err != nil {
			t.Fatal(err)
		}
		return coll, nil
	}
	kernel, err := btf.LoadSpec("testdata/pages/kernel.o")
	if err != nil {
		t.Fatal(err)
	}
	coll, err := object.Open("testdata/pages/"+strings.TrimSuffix(p.File, ".c")+".o", nil)
	if err != nil {
		t.Fatal(err)
	}
	checkFresh(t, coll, p)
	return object.Resolve(coll, &object.Target{KernelTypes: kernel}), kernel
}

// checkFresh holds the lines that clang recorded in an object against the
// source.
func checkFresh(t *testing.T, coll *image.Collection, p verifier.Page) {
	t.Helper()
	src, err := os.ReadFile("pages/" + p.File)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(src), "\n")
	for _, prog := range coll.Programs {
		if len(prog.Lines) == 0 {
			t.Errorf("%s has no lines", prog.Name)
		}
		for _, l := range prog.Lines {
			if l.Line > len(lines) || strings.TrimSpace(l.Text) != strings.TrimSpace(lines[l.Line-1]) {
				t.Fatalf("line %d was %q: run testdata/pages/build.sh", l.Line, l.Text)
			}
		}
	}
}

// TestCanceled gives up before the verdict: no program has the code by itself.
func TestCanceled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	coll, err := asm.Parse("loop.s", []byte(".program p section=xdp\nr0 = 0\nagain:\nr0 += 1\nif r0 < 900000 goto again\nexit\n"))
	if err != nil {
		t.Fatal(err)
	}
	var rej *verifier.Error
	if _, err := verifier.Verify(ctx, coll.Programs[0], nil); !errors.As(err, &rej) || rej.Code != verifier.CodeCanceled {
		t.Errorf("%v", describe(err))
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
