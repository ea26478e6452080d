package skep_test

import (
	"bytes"
	"go/ast"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Citations. A rule names its source at the line that implements it:
//
//	RFC 9669 section 4.3.
//	Linux 6.18: <behaviour>, selftest <name>.
//	Linux 6.18: <behaviour>.
var (
	citeRFC   = regexp.MustCompile(`RFC ?9669,? ?(§|[Ss]ec|[Cc]hap|part|[0-9]).{0,10}`)
	goodRFC   = regexp.MustCompile(`^RFC 9669 sections? [0-9]`)
	citeLinux = regexp.MustCompile(`Linux (\d+\.\d+): `)
	goodLinux = regexp.MustCompile(`^Linux 6\.\d+: \S[^:]*?(, selftests? [\w./]+(, [\w./]+)*|[^,])\.`)
)

func TestCitationsAreWellFormed(t *testing.T) {
	t.Parallel()
	for _, f := range goFiles(t) {
		if f.test() {
			continue
		}
		for _, g := range f.ast.Comments {
			text := strings.Join(strings.Fields(g.Text()), " ")
			for _, m := range citeRFC.FindAllString(text, -1) {
				if !goodRFC.MatchString(m) {
					t.Errorf("%s: citation %q: write \"RFC 9669 section N.N\"", f.pos(g.Pos()), m)
				}
			}
			for _, m := range citeLinux.FindAllStringIndex(text, -1) {
				if !goodLinux.MatchString(text[m[0]:]) {
					t.Errorf("%s: citation %q: write \"Linux 6.18: <behaviour>, selftest <name>.\", without the last part where no selftest shows it",
						f.pos(g.Pos()), text[m[0]:])
				}
			}
		}
	}
}

// history are words that tell of the code's past or excuse its present.
var history = regexp.MustCompile(`(?i)\b(todo|fixme|xxx|hack|for now|placeholder|good enough|not implemented|unimplemented)\b`)

func TestCommentsTellNoHistory(t *testing.T) {
	t.Parallel()
	for _, f := range goFiles(t) {
		if strings.HasPrefix(f.path, "lint") {
			continue // it has to name the words
		}
		for _, g := range f.ast.Comments {
			for _, c := range g.List {
				if w := history.FindString(c.Text); w != "" {
					t.Errorf("%s: comment says %q: say what holds and why; open work is an issue, and what is not supported is an error that says so", f.pos(c.Pos()), w)
				}
			}
		}
	}
}

// forbidden are texts that no file of the project has, with the remedy.
var forbidden = []struct {
	what   *regexp.Regexp
	except []string
	remedy string
}{
	{
		regexp.MustCompile(`(^|[^\w./~-])/` + `(work|root|home)/\w`), nil,
		"a path of one machine: use a relative path, a flag or an environment variable",
	},
	{
		// But for perf's own files, which it looks for there.
		regexp.MustCompile(`/tmp/` + `([a-oq-zA-Z0-9_]|p([^e]|e[^r]|er[^f]))`), nil,
		"a fixed temporary path: use t.TempDir, os.MkdirTemp or mktemp",
	},
	{
		regexp.MustCompile(`\b(proxy\.golang\.org|deb\.debian` + `\.org|registry\.npmjs\.org|pypi\.org)\b`), nil,
		"the host of a package registry: clients find it in their own settings",
	},
	{
		regexp.MustCompile(`\.\./` + `shared\b`), []string{".ci/run", "Makefile"},
		"the folder beside the project: only .ci/run and Makefile may name it, through SHARED",
	},
	{
		regexp.MustCompile(`(?m)^(<<<<<<<|>>>>>>>) `), nil,
		"a merge conflict: resolve it",
	},
}

// textFiles calls do with every file of the project that is text.
func textFiles(t *testing.T, do func(name string, text []byte)) {
	t.Helper()
	walk(t, func(name string) {
		b, err := os.ReadFile(filepath.FromSlash(name))
		if err != nil {
			t.Fatal(err)
		}
		if bytes.IndexByte(b, 0) < 0 {
			do(name, b)
		}
	})
}

func TestNothingPointsOutside(t *testing.T) {
	t.Parallel()
	textFiles(t, func(name string, text []byte) {
		for _, p := range forbidden {
			if slices.Contains(p.except, name) || path.Base(name) == "go.sum" {
				continue
			}
			if m := p.what.FindIndex(text); m != nil {
				line := bytes.Count(text[:m[0]], []byte("\n")) + 1
				t.Errorf("%s:%d: %q: %s", name, line, bytes.TrimSpace(text[m[0]:m[1]]), p.remedy)
			}
		}
	})
}

// TestSourcesSayTheirLicence: the module is Apache-2.0 as a whole; a file
// under other terms says so in its first lines and stands in NOTICE.
func TestSourcesSayTheirLicence(t *testing.T) {
	t.Parallel()
	notice, err := os.ReadFile("NOTICE")
	if err != nil {
		t.Fatal(err)
	}
	spdx := regexp.MustCompile(`SPDX-License-Identifier: *([^\n*]+)`)
	for _, f := range goFiles(t) {
		if m := spdx.FindSubmatch(f.src); m != nil && !f.test() {
			t.Errorf("%s: Go files carry no licence line: the module is Apache-2.0, see LICENSE", f.path)
		}
	}
	walk(t, func(name string) {
		if ext := path.Ext(name); (ext != ".c" && ext != ".h") || !strings.HasPrefix(name, "examples/") {
			return
		}
		b, err := os.ReadFile(filepath.FromSlash(name))
		if err != nil {
			t.Fatal(err)
		}
		m := spdx.FindSubmatch(b)
		if m == nil {
			t.Errorf("%s has no SPDX-License-Identifier: a BPF program's licence string and its file must agree", name)
		} else if id := strings.TrimSpace(string(m[1])); !bytes.Contains(notice, []byte(id)) {
			t.Errorf("%s is under %s: name that in NOTICE", name, id)
		}
	})
}

// TestCompilerDirectivesAreKnown keeps directives that change what the compiler
// does to files that an auditor looks at.
func TestCompilerDirectivesAreKnown(t *testing.T) {
	t.Parallel()
	known := []string{"//go:build", "//go:embed", "//go:generate", "//go:noinline", "//go:nosplit", "//go:noescape", "//go:linkname"}
	for _, f := range goFiles(t) {
		ast.Inspect(f.ast, func(n ast.Node) bool {
			c, ok := n.(*ast.Comment)
			if !ok || !strings.HasPrefix(c.Text, "//go:") {
				return true
			}
			word, _, _ := strings.Cut(c.Text, " ")
			if !slices.Contains(known, word) {
				t.Errorf("%s: %s: not one of %v: if it is needed, add it there with a reason in RATIONALE.md", f.pos(c.Pos()), word, known)
			}
			return true
		})
	}
}
