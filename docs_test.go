package skep_test

import (
	"bytes"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const readmeLines = 150

// documents are the pages that users and contributors read.
var documents = []string{
	"README.md", "ARCHITECTURE.md", "RATIONALE.md", "CONTRIBUTING.md", "SECURITY.md", "examples/README.md",
}

func document(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestReadmeIsShort(t *testing.T) {
	t.Parallel()
	if n := strings.Count(document(t, "README.md"), "\n"); n >= readmeLines {
		t.Errorf("README.md has %d lines, limit %d: what is for contributors goes to ARCHITECTURE.md or CONTRIBUTING.md", n, readmeLines)
	}
}

var (
	link  = regexp.MustCompile(`\]\(([^)#]+)(?:#[^)]*)?\)`)
	fence = regexp.MustCompile("(?ms)^ *```(\\w*)\n(.*?)^ *```$")
	span  = regexp.MustCompile("`([^`\n]+)`")
	// file is a code span that is the name of a file or folder in the project.
	file = regexp.MustCompile(`^[.\w*{},/-]+(\.(go|md|sh|s|c|h|o|py|pcap|mod|txt|json)|/[\w*-]+|/)$`)
)

func TestDocumentsNameWhatExists(t *testing.T) {
	t.Parallel()
	for _, name := range documents {
		text := document(t, name)
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			if !strings.Contains(m[1], "://") {
				wantFile(t, name, filepath.Join(filepath.Dir(name), m[1]))
			}
		}
		var commands []string
		for _, m := range fence.FindAllStringSubmatch(text, -1) {
			if m[1] == "sh" || m[1] == "console" {
				commands = append(commands, strings.Split(m[2], "\n")...)
			}
		}
		for _, m := range span.FindAllStringSubmatch(fence.ReplaceAllString(text, ""), -1) {
			if strings.Contains(m[1], " ") {
				commands = append(commands, m[1])
			} else if beside := path.Join(path.Dir(name), m[1]); file.MatchString(m[1]) && !notFiles(m[1]) && !isFile(beside) {
				wantFile(t, name, m[1])
			}
		}
		for _, c := range commands {
			checkCommand(t, name, strings.Fields(strings.TrimPrefix(strings.TrimSpace(c), "$ ")))
		}
	}
}

var capitals = regexp.MustCompile(`(^|/)[A-Z]+[./]`)

// notFiles are code spans that look like files and are none: import paths,
// packages to come, names in other people's folders, patterns with a
// name in capitals, suffixes.
func notFiles(s string) bool {
	if strings.HasPrefix(s, "x/sys") || strings.HasPrefix(s, "x/arch") || strings.HasPrefix(s, "cilium/") || strings.Contains(s, "github.com/") ||
		strings.HasPrefix(s, "gopacket") || strings.Contains(s, "golang.org/") || strings.Contains(s, "honnef.co/") ||
		capitals.MatchString(s) && !strings.HasSuffix(s, ".md") {
		return true
	}
	if strings.HasPrefix(s, ".") && !strings.Contains(s, "/") {
		return true // a suffix
	}
	for _, a := range arrows {
		if a.pkg == s {
			return true // the table's test looks at it
		}
	}
	return false
}

func isFile(name string) bool {
	_, err := os.Stat(filepath.FromSlash(name))
	return err == nil
}

// wantFile wants a file by its path, or, if it is a bare name or a pattern,
// anywhere in the project.
func wantFile(t *testing.T, doc, name string) {
	t.Helper()
	if isFile(name) {
		return
	}
	found := false
	if !strings.Contains(name, "/") {
		err := filepath.WalkDir(".", func(_ string, d fs.DirEntry, err error) error {
			if ok, _ := path.Match(name, d.Name()); ok {
				found = true
				return filepath.SkipAll
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if !found {
		t.Errorf("%s names %s, which does not exist: mend the page", doc, name)
	}
}

var target = regexp.MustCompile(`(?m)^([\w-]+):`)

// checkCommand wants the parts of a command that can be looked up: make
// targets, scripts, subcommands and flags of skep, files that it reads.
func checkCommand(t *testing.T, doc string, words []string) {
	t.Helper()
	if len(words) == 0 || strings.HasPrefix(words[0], "#") {
		return
	}
	switch first := words[0]; {
	case first == "make" && len(words) == 2:
		for _, m := range target.FindAllStringSubmatch(document(t, "Makefile"), -1) {
			if m[1] == words[1] {
				return
			}
		}
		t.Errorf("%s: make has no target %s: mend the page or Makefile", doc, words[1])
	case first == "skep" || first == "go" && len(words) > 2 && words[1] == "run" && words[2] == "./cmd/skep":
		if first == "go" {
			words = words[2:]
		}
		checkSkep(t, doc, words[1:])
	case strings.HasPrefix(first, "scripts/") || strings.HasPrefix(first, "examples/") || strings.HasPrefix(first, ".ci/"):
		wantFile(t, doc, first)
	}
}

func checkSkep(t *testing.T, doc string, words []string) {
	t.Helper()
	source := commandSource(t)
	for i, w := range words {
		switch {
		case i == 0:
			if !bytes.Contains(source, []byte(`"`+w+`"`)) && !bytes.Contains(source, []byte(`"`+w+` `)) && strings.ToUpper(w) != w {
				t.Errorf("%s: skep has no command %s: mend the page", doc, w)
			}
		case strings.HasPrefix(w, "--"):
			flag, _, _ := strings.Cut(strings.TrimPrefix(w, "--"), "=")
			if !bytes.Contains(source, []byte(`"`+flag+`"`)) {
				t.Errorf("%s: skep has no flag --%s: mend the page", doc, flag)
			}
		case strings.HasPrefix(w, "examples/"):
			wantFile(t, doc, w)
		}
	}
}

func commandSource(t *testing.T) []byte {
	t.Helper()
	files, err := filepath.Glob("cmd/skep/*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("no source of the command: %v", err)
	}
	var all []byte
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, b...)
	}
	return all
}

// TestReadmeShowsTheExample: the README's Go code is example_test.go, which
// the compiler and go test check.
func TestReadmeShowsTheExample(t *testing.T) {
	t.Parallel()
	example := strings.Join(strings.Fields(document(t, "example_test.go")), " ")
	found := false
	for _, m := range fence.FindAllStringSubmatch(document(t, "README.md"), -1) {
		if m[1] != "go" {
			continue
		}
		found = true
		for _, l := range strings.Split(m[2], "\n") {
			if l = strings.Join(strings.Fields(l), " "); !strings.Contains(example, l) {
				t.Errorf("README.md shows %q, which example_test.go has not: copy the example's body", l)
			}
		}
	}
	if !found {
		t.Error("README.md has no Go example")
	}
}

// TestArchitectureHasTheTable: ARCHITECTURE.md's table and arrows are one.
func TestArchitectureHasTheTable(t *testing.T) {
	t.Parallel()
	_, text, ok := strings.Cut(document(t, "ARCHITECTURE.md"), "<!-- table:")
	if !ok {
		t.Fatal("ARCHITECTURE.md has no table")
	}
	row := regexp.MustCompile("(?m)^\\| `([^`]+)`( \\*later\\*)? \\| (.+) \\| (.+) \\|$")
	rows := row.FindAllStringSubmatch(text, -1)
	for i, a := range arrows {
		if i >= len(rows) {
			t.Errorf("ARCHITECTURE.md lacks the row of %s", show(a.pkg))
			continue
		}
		r := rows[i]
		if r[1] != shortName(a.pkg) {
			t.Errorf("row %d of ARCHITECTURE.md is %s, of arrows %s: keep them in the same order", i+1, r[1], show(a.pkg))
			continue
		}
		if want := imports(a); r[4] != want {
			t.Errorf("ARCHITECTURE.md, %s: may import\n\t%s\narrows says\n\t%s", r[1], r[4], want)
		}
		if later := r[2] != ""; later == exists(a.pkg) {
			t.Errorf("ARCHITECTURE.md, %s: *later* marks the packages that do not exist", r[1])
		}
	}
}

func imports(a arrow) string {
	if len(a.may) == 0 {
		return "nothing"
	}
	var names []string
	for _, p := range a.may {
		names = append(names, "`"+shortName(p)+"`")
	}
	return strings.Join(names, ", ")
}

func shortName(pkg string) string {
	if pkg == "" {
		return "skep"
	}
	for _, host := range []string{"github.com/gopacket/", "github.com/spf13/", "github.com/", "golang.org/"} {
		if rest, ok := strings.CutPrefix(pkg, host); ok {
			return rest
		}
	}
	return pkg
}

func exists(pkg string) bool {
	files, _ := filepath.Glob(filepath.Join(filepath.FromSlash("./"+pkg), "*.go"))
	return len(files) > 0
}

func TestEveryDependencyHasItsReason(t *testing.T) {
	t.Parallel()
	rationale := document(t, "RATIONALE.md")
	for _, l := range strings.Split(document(t, "go.mod"), "\n") {
		l = strings.TrimSpace(l)
		if l == "" || strings.HasSuffix(l, "// indirect") || !strings.Contains(l, ".") {
			continue
		}
		mod, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(l, "tool "), "require "), " ")
		if mod = strings.TrimSuffix(mod, "/cmd/staticcheck"); strings.HasPrefix(l, "module ") || strings.HasPrefix(l, "go ") {
			continue
		}
		if !strings.Contains(rationale, "`"+mod+"`") {
			t.Errorf("RATIONALE.md has no line for %s: say in its table why it is worth its weight", mod)
		}
	}
}

// TestDifferencesFromLinuxAreListed collects the comments that begin "Differs
// from Linux:" and wants each in RATIONALE.md.
func TestDifferencesFromLinuxAreListed(t *testing.T) {
	t.Parallel()
	rationale := strings.Join(strings.Fields(document(t, "RATIONALE.md")), " ")
	for _, f := range goFiles(t) {
		if f.test() {
			continue
		}
		for _, g := range f.ast.Comments {
			text := strings.Join(strings.Fields(g.Text()), " ")
			for {
				_, rest, ok := strings.Cut(text, "Differs from Linux: ")
				if !ok {
					break
				}
				what, _, _ := strings.Cut(rest, ".")
				if !strings.Contains(rationale, what) {
					t.Errorf("%s differs from Linux: %q: list it in RATIONALE.md in the same words", f.pos(g.Pos()), what)
				}
				text = rest
			}
		}
	}
}

// TestDocumentsShowGoThatParses keeps fragments in the pages honest.
func TestDocumentsShowGoThatParses(t *testing.T) {
	t.Parallel()
	for _, name := range documents {
		for _, m := range fence.FindAllStringSubmatch(document(t, name), -1) {
			if m[1] != "go" {
				continue
			}
			body := m[2]
			if !strings.Contains(body, "package ") {
				body = "package p\nfunc _() {\n" + body + "\n}"
			}
			if _, err := parser.ParseFile(token.NewFileSet(), name, body, 0); err != nil {
				t.Errorf("%s: Go example: %v", name, err)
			}
		}
	}
}
