package asm

import (
	"os"
	"strings"
	"testing"
)

// TestTheExampleOfTheManualWorks takes the example out of the package's
// comment, reads it, and looks that it says what the comment means.
func TestTheExampleOfTheManualWorks(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(doc), "// # Example\n//\n")
	text, _, ok2 := strings.Cut(rest, "// # Lines")
	if !ok || !ok2 {
		t.Fatal("doc.go has no example")
	}
	var src strings.Builder
	for line := range strings.SplitSeq(text, "\n") {
		src.WriteString(strings.TrimPrefix(strings.TrimPrefix(line, "//"), "\t") + "\n")
	}
	c, err := Parse("example.s", []byte(src.String()))
	if err != nil {
		t.Fatalf("%v\n%s", err, src.String())
	}
	if p := c.Program("count"); p == nil || len(p.Insns) != 15 || len(p.Funcs) != 2 || p.Funcs[1].Start != 11 {
		t.Errorf("program: %+v", p)
	}
	checkRoundTrip(t, c)
}

// TestTheManualNamesEveryDirective holds the comment against the table.
func TestTheManualNamesEveryDirective(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range directives {
		if !strings.Contains(string(doc), "//\t"+d.name+" ") && !strings.Contains(string(doc), "//\t"+d.name+",") &&
			!strings.Contains(string(doc), ", "+d.name+" ") {
			t.Errorf("doc.go does not describe %s", d.name)
		}
	}
}
