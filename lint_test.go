package skep_test

import (
	"bytes"
	"go/ast"
	"go/build/constraint"
	"go/format"
	"go/token"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const (
	maxFileLines = 800
	maxFuncLines = 80
)

// longFuncs are the functions that may be longer than maxFuncLines: dense
// switches over opcodes, where one screen a case would hide the pattern.
var longFuncs = map[string]string{
	"vm/interp.run":                   "the interpreter's loop: one case an operation",
	"verifier.verifier.kfuncArgValue": "one case a kind of argument",
}

// generated are the checked-in files that a program makes, each with the
// command that prints it, or with the reason why it cannot be made again on
// every machine.
var generated = map[string]remake{}

type remake struct {
	cmd []string // prints the file on standard output
	why string   // why there is no cmd; another test holds the file then
}

func TestFilesAreShort(t *testing.T) {
	t.Parallel()
	for _, f := range goFiles(t) {
		if f.test() || f.generated() {
			continue
		}
		if n := bytes.Count(f.src, []byte("\n")); n > maxFileLines {
			t.Errorf("%s has %d lines, limit %d: split it by stage or subject; most files have 150 to 400", f.path, n, maxFileLines)
		}
	}
}

func TestFunctionsAreShort(t *testing.T) {
	t.Parallel()
	used := map[string]bool{}
	for _, f := range goFiles(t) {
		if f.test() || f.generated() {
			continue
		}
		for _, d := range f.ast.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Body == nil {
				continue
			}
			n := f.fset.Position(fn.End()).Line - f.fset.Position(fn.Pos()).Line + 1
			if n <= maxFuncLines {
				continue
			}
			name := strings.TrimPrefix(f.pkg+"."+funcName(fn), ".")
			used[name] = true
			if longFuncs[name] == "" {
				t.Errorf("%s: %s has %d lines, limit %d: cut it at its paragraphs, or, if it is one dense opcode switch, name it with a reason in longFuncs of lint_test.go",
					f.pos(fn.Pos()), name, n, maxFuncLines)
			}
		}
	}
	for name := range longFuncs {
		if !used[name] {
			t.Errorf("longFuncs names %s, which is gone or short: delete the row", name)
		}
	}
}

func funcName(fn *ast.FuncDecl) string {
	if fn.Recv == nil {
		return fn.Name.Name
	}
	return recvType(fn) + "." + fn.Name.Name
}

func recvType(fn *ast.FuncDecl) string {
	x := fn.Recv.List[0].Type
	for {
		switch e := x.(type) {
		case *ast.StarExpr:
			x = e.X
		case *ast.IndexExpr:
			x = e.X
		case *ast.IndexListExpr:
			x = e.X
		case *ast.Ident:
			return e.Name
		default:
			return "?"
		}
	}
}

func TestUnsafeIsNamed(t *testing.T) {
	t.Parallel()
	for _, f := range goFiles(t) {
		base := strings.TrimSuffix(strings.TrimSuffix(f.path, ".go"), "_test")
		if slices.Contains(f.imports(), "unsafe") && !strings.HasSuffix(base, "_unsafe") {
			t.Errorf("%s imports unsafe: move that part to a file named *_unsafe.go (or *_unsafe_test.go), so that ls lists the dangerous files", f.path)
		}
		for _, g := range f.ast.Comments {
			for _, c := range g.List {
				if strings.HasPrefix(c.Text, "//go:linkname") && !strings.HasSuffix(base, "_unsafe") {
					t.Errorf("%s: go:linkname: move it to a file named *_unsafe.go", f.pos(c.Pos()))
				}
			}
		}
	}
}

func TestPackagesSayWhatTheyAre(t *testing.T) {
	t.Parallel()
	docs := map[string]*goFile{}
	pkgs := map[string]string{}
	for _, f := range goFiles(t) {
		if f.test() {
			continue
		}
		pkgs[f.pkg] = f.ast.Name.Name
		if path.Base(f.path) == "doc.go" {
			docs[f.pkg] = f
		} else if f.ast.Doc != nil && !onlyDirectives(f.ast.Doc) {
			t.Errorf("%s has a package comment: move it to the package's doc.go, or put a blank line before the package clause", f.path)
		}
	}
	for pkg, name := range pkgs {
		want := "Package " + name + " "
		if name == "main" {
			want = "Command " + path.Base(pkg) + " "
		}
		switch f := docs[pkg]; {
		case f == nil:
			t.Errorf("%s has no doc.go: say there what it turns into what, its one invariant, and what it must not know", show(pkg))
		case !strings.HasPrefix(docText(f), want):
			t.Errorf("%s: the package comment must begin %q", f.path, want)
		}
	}
}

func docText(f *goFile) string {
	if f.ast.Doc == nil {
		return ""
	}
	return f.ast.Doc.Text()
}

func onlyDirectives(g *ast.CommentGroup) bool {
	return !slices.ContainsFunc(g.List, func(c *ast.Comment) bool {
		return !constraint.IsGoBuild(c.Text) && !strings.HasPrefix(c.Text, "//go:")
	})
}

// suffixes are the parts of a file name that carry a meaning of their own.
var suffixes = regexp.MustCompile(`_(test|unsafe|gen|other|unix|linux|darwin|windows|js|wasm|amd64|arm64|riscv64|s390x)$`)

func TestFileNamesAreShort(t *testing.T) {
	t.Parallel()
	for _, f := range goFiles(t) {
		base := strings.TrimSuffix(path.Base(f.path), ".go")
		for suffixes.MatchString(base) {
			base = suffixes.ReplaceAllString(base, "")
		}
		if strings.Count(base, "_") > 2 {
			t.Errorf("%s: a third underscore wants a package: name the file by stage or subject", f.path)
		}
	}
}

func TestCodeIsFormatted(t *testing.T) {
	t.Parallel()
	for _, f := range goFiles(t) {
		if out, err := format.Source(f.src); err != nil {
			t.Errorf("%s: %v", f.path, err)
		} else if !bytes.Equal(out, f.src) {
			t.Errorf("%s is not formatted: gofmt -w %s", f.path, f.path)
		}
	}
}

func TestNothingRegistersItself(t *testing.T) {
	t.Parallel()
	for _, f := range goFiles(t) {
		for _, d := range f.ast.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
				t.Errorf("%s: func init: use an explicit table or a composite literal, so that what is linked in is visible by reading", f.pos(fn.Pos()))
			}
		}
	}
}

// TestGlobalsDoNotChange finds assignments to package variables, by name: it
// sees those within a package, which is where they can be.
func TestGlobalsDoNotChange(t *testing.T) {
	t.Parallel()
	files := goFiles(t)
	vars := map[string]map[string]bool{}
	for _, f := range files {
		if f.test() {
			continue
		}
		if vars[f.pkg] == nil {
			vars[f.pkg] = map[string]bool{}
		}
		for _, s := range valueSpecs(f.ast, token.VAR) {
			for _, n := range s.Names {
				vars[f.pkg][n.Name] = true
			}
		}
	}
	for _, f := range files {
		if f.test() {
			continue
		}
		global := globalIn(f.ast, vars[f.pkg])
		ast.Inspect(f.ast, func(n ast.Node) bool {
			var targets []ast.Expr
			switch s := n.(type) {
			case *ast.AssignStmt:
				if s.Tok != token.DEFINE {
					targets = s.Lhs
				}
			case *ast.IncDecStmt:
				targets = []ast.Expr{s.X}
			}
			for _, x := range targets {
				if id := rootIdent(x); id != nil && global(id) {
					t.Errorf("%s: assignment to the package variable %s: hand the value in, or hold it in a struct", f.pos(n.Pos()), id.Name)
				}
			}
			return true
		})
	}
}

// globalIn reports whether an identifier of f names one of the package's
// variables: the parser resolves those of the same file, and leaves those of
// other files unresolved.
func globalIn(f *ast.File, vars map[string]bool) func(*ast.Ident) bool {
	own := map[any]bool{}
	for _, s := range valueSpecs(f, token.VAR) {
		own[s] = true
	}
	return func(id *ast.Ident) bool {
		if id.Name == "_" || !vars[id.Name] {
			return false
		}
		return id.Obj == nil || own[id.Obj.Decl]
	}
}

func valueSpecs(f *ast.File, tok token.Token) []*ast.ValueSpec {
	var specs []*ast.ValueSpec
	for _, d := range f.Decls {
		if g, ok := d.(*ast.GenDecl); ok && g.Tok == tok {
			for _, s := range g.Specs {
				specs = append(specs, s.(*ast.ValueSpec))
			}
		}
	}
	return specs
}

func rootIdent(x ast.Expr) *ast.Ident {
	for {
		switch e := x.(type) {
		case *ast.Ident:
			return e
		case *ast.SelectorExpr:
			x = e.X
		case *ast.IndexExpr:
			x = e.X
		case *ast.StarExpr:
			x = e.X
		case *ast.ParenExpr:
			x = e.X
		default:
			return nil
		}
	}
}

func TestExportedNamesAreDocumented(t *testing.T) {
	t.Parallel()
	for _, f := range goFiles(t) {
		if f.test() || f.generated() || f.ast.Name.Name == "main" {
			continue
		}
		for _, d := range f.ast.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Name.IsExported() && d.Doc == nil && (d.Recv == nil || ast.IsExported(recvType(d))) {
					t.Errorf("%s: %s has no comment: say in a sentence what it is or does", f.pos(d.Pos()), funcName(d))
				}
			case *ast.GenDecl:
				undocumented(t, f, d)
			}
		}
	}
}

func undocumented(t *testing.T, f *goFile, d *ast.GenDecl) {
	t.Helper()
	for _, s := range d.Specs {
		switch s := s.(type) {
		case *ast.TypeSpec:
			if s.Name.IsExported() && d.Doc == nil && s.Doc == nil {
				t.Errorf("%s: type %s has no comment: say in a sentence what it is", f.pos(s.Pos()), s.Name.Name)
			}
		case *ast.ValueSpec:
			if d.Doc != nil || s.Doc != nil || s.Comment != nil {
				continue
			}
			for _, n := range s.Names {
				if n.IsExported() {
					t.Errorf("%s: %s has no comment: one for it or for its group", f.pos(n.Pos()), n.Name)
				}
			}
		}
	}
}

// TestPanicsAreBugs: no input reaches a panic; one that fires says so. A Must
// function is one that panics for its caller, and one that recovers may pass on
// what is not its own.
func TestPanicsAreBugs(t *testing.T) {
	t.Parallel()
	for _, f := range goFiles(t) {
		if f.test() {
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			if fn, ok := n.(*ast.FuncDecl); ok && (strings.HasPrefix(fn.Name.Name, "Must") || calls(fn, "recover")) {
				return false
			}
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) != 1 {
				return true
			}
			if id, ok := call.Fun.(*ast.Ident); ok && id.Name == "panic" && !strings.HasPrefix(leadingText(call.Args[0]), "BUG: ") {
				t.Errorf("%s: a panic is for a broken invariant and its text begins \"BUG: \"; return an error for what input can cause", f.pos(call.Pos()))
			}
			return true
		})
	}
}

// calls reports whether fn calls a builtin of the given name.
func calls(fn *ast.FuncDecl, name string) bool {
	found := false
	ast.Inspect(fn, func(n ast.Node) bool {
		if c, ok := n.(*ast.CallExpr); ok && exprName(c.Fun) == name {
			found = true
		}
		return !found
	})
	return found
}

// TestErrorsNameThePlace: each layer of an error adds its own noun and
// nothing else.
func TestErrorsNameThePlace(t *testing.T) {
	t.Parallel()
	for _, f := range goFiles(t) {
		if f.test() {
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) == 0 {
				return true
			}
			sel, ok := call.Fun.(*ast.SelectorExpr)
			if !ok || (sel.Sel.Name != "Errorf" && !(sel.Sel.Name == "New" && exprName(sel.X) == "errors")) {
				return true
			}
			s := leadingText(call.Args[0])
			if strings.Contains(s, "failed to ") || strings.Contains(s, "error while ") || strings.Contains(s, "unable to ") {
				t.Errorf("%s: %q: an error names the place, outermost first, and the reason: no \"failed to\"", f.pos(call.Pos()), s)
			}
			if strings.HasSuffix(s, ".") && !strings.HasSuffix(s, "...") {
				t.Errorf("%s: %q: an error is no sentence: no dot at its end", f.pos(call.Pos()), s)
			}
			return true
		})
	}
}

func exprName(x ast.Expr) string {
	if id, ok := x.(*ast.Ident); ok {
		return id.Name
	}
	return ""
}

// leadingText is the string literal that x begins with: x itself, the left end
// of a concatenation, or the first argument of a call such as fmt.Sprintf.
func leadingText(x ast.Expr) string {
	for {
		switch e := x.(type) {
		case *ast.BinaryExpr:
			x = e.X
		case *ast.CallExpr:
			if len(e.Args) == 0 {
				return ""
			}
			x = e.Args[0]
		case *ast.BasicLit:
			s, _ := strconv.Unquote(e.Value)
			return s
		default:
			return ""
		}
	}
}

func TestGeneratedFilesAreFresh(t *testing.T) {
	t.Parallel()
	found := map[string]bool{}
	for _, f := range goFiles(t) {
		if !f.generated() {
			if strings.HasSuffix(f.path, "_gen.go") {
				t.Errorf("%s lacks the line \"// Code generated by NAME; DO NOT EDIT.\"", f.path)
			}
			continue
		}
		found[f.path] = true
		how, ok := generated[f.path]
		switch {
		case !ok:
			t.Errorf("%s says that it is generated: name the command that prints it in generated of lint_test.go", f.path)
		case how.cmd != nil:
			checkFresh(t, f.path, how.cmd)
		case how.why == "":
			t.Errorf("generated has an empty row for %s: give a command or a reason", f.path)
		}
	}
	for name := range generated {
		if !found[name] {
			t.Errorf("generated names %s, which is gone: delete the row", name)
		}
	}
}

func checkFresh(t *testing.T, name string, cmd []string) {
	t.Helper()
	want, err := os.ReadFile(filepath.FromSlash(name))
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(cmd[0], cmd[1:]...)
	var stderr bytes.Buffer
	c.Stderr = &stderr
	got, err := c.Output()
	if err != nil {
		t.Errorf("%s: %v: %v\n%s", name, cmd, err, stderr.Bytes())
	} else if !bytes.Equal(got, want) {
		t.Errorf("%s is not what its generator makes: %s > %s", name, strings.Join(cmd, " "), name)
	}
}

// TestModuleFileIsTidy asks go mod tidy without the network. Where the module
// cache lacks what tidy alone would read, it says so and leaves the question
// to .ci/run, which has the network.
func TestModuleFileIsTidy(t *testing.T) {
	t.Parallel()
	c := exec.Command("go", "mod", "tidy", "-diff")
	c.Env = append(os.Environ(), "GOPROXY=off", "GOFLAGS=-mod=mod", "GOWORK=off")
	out, err := c.CombinedOutput()
	if err == nil {
		return
	}
	if !bytes.Contains(out, []byte("diff ")) {
		t.Skipf("go mod tidy needs modules that are not in the cache: %s", bytes.TrimSpace(out))
	}
	t.Errorf("go.mod is not tidy: go mod tidy\n%s", out)
}
