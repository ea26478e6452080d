package skep_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"sort"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/skepbpf/skep"

// Third-party packages, by a short name for the table below.
const (
	ciliumBTF  = "github.com/cilium/ebpf/btf"
	ciliumEBPF = "github.com/cilium/ebpf"
	ciliumAsm  = "github.com/cilium/ebpf/asm"
	xsys       = "golang.org/x/sys/..."
	xarch      = "golang.org/x/arch/..."
	gopacket   = "github.com/gopacket/gopacket/..."
	cobra      = "github.com/spf13/cobra"
	pflag      = "github.com/spf13/pflag"
)

// arrows is the table of ARCHITECTURE.md: for each package what it may import
// besides the standard library. A pattern that ends in "/..." stands for a
// package and all below it. Rows stand in the order of the flow, and a package
// may only import those above it, so that the table is a partial order by
// construction. The whole table stands, packages that do not exist included.
var arrows = []arrow{
	{pkg: "isa"},
	{pkg: "abi"},
	{pkg: "verifier/domain"},
	{pkg: "internal/golden"},
	{pkg: "internal/await"},
	{pkg: "internal/near"},
	{pkg: "internal/decode", may: []string{ciliumBTF}},
	{pkg: "internal/mem", may: []string{xsys}},
	{pkg: "internal/execmem", may: []string{"internal/mem", xsys}},
	{pkg: "internal/perfevent", may: []string{"internal/mem", xsys}},
	{pkg: "vm/ir", may: []string{"isa", "abi"}},
	{pkg: "internal/packet", may: []string{"abi", "internal/mem", "vm/ir", gopacket, xsys}},
	{pkg: "host", may: []string{"abi", xsys}},
	{pkg: "image", may: []string{"isa", "abi", ciliumBTF}},
	{pkg: "internal/randprog", may: []string{"isa", "abi", "image", ciliumBTF}},
	{pkg: "internal/selftest", may: []string{"abi", "image"}},
	{pkg: "asm", may: []string{"isa", "abi", "image", "internal/near", ciliumBTF}},
	{pkg: "object", may: []string{"isa", "abi", "image", ciliumBTF, ciliumEBPF, ciliumAsm}},
	{pkg: "internal/corpus", may: []string{"image", "object", ciliumBTF}},
	{pkg: "filter", may: []string{"isa", "abi", "image"}},
	{pkg: "verifier", may: []string{"isa", "abi", "image", "verifier/domain", ciliumBTF}},
	{pkg: "bpfmap", may: []string{"abi", "image", "host", "vm/ir", "internal/mem", ciliumBTF}},
	{pkg: "vm", may: []string{"isa", "abi", "image", "verifier", "host", "bpfmap", "vm/ir", "internal/mem"}},
	{pkg: "vm/interp", may: []string{"isa", "abi", "image", "vm", "vm/ir", "bpfmap", "internal/mem"}},
	{pkg: "vm/jit/emit", may: []string{"isa", "vm/ir"}},
	{pkg: "vm/jit/opt", may: []string{"isa", "abi", "vm/ir", "vm/jit/emit"}},
	{pkg: "vm/jit/amd64", may: []string{"isa", "abi", "vm/ir", "vm/jit/emit"}},
	{pkg: "vm/jit/arm64", may: []string{"isa", "abi", "vm/ir", "vm/jit/emit"}},
	{pkg: "vm/jit", may: []string{"isa", "abi", "vm", "vm/ir", "bpfmap", "vm/jit/emit", "vm/jit/opt", "vm/jit/amd64", "vm/jit/arm64", "internal/mem", "internal/execmem", xsys}},
	{pkg: "vm/jit/listing", may: []string{"isa", "vm/ir", "vm/jit/emit", "vm/jit/opt", "vm/jit/amd64", "vm/jit/arm64", xarch}},
	{pkg: "helper", may: []string{"abi", "vm", "bpfmap", "host", "internal/mem", "internal/packet"}},
	{pkg: "", may: []string{
		"isa", "abi", "host", "image", "asm", "object", "filter", "verifier", "bpfmap", "vm", "vm/ir",
		"vm/interp", "vm/jit", "helper", "internal/mem", "internal/packet", "internal/decode", ciliumBTF, ciliumEBPF,
	}},
	{pkg: "ringbuf", may: []string{"", "internal/await"}},
	{pkg: "perf", may: []string{"", "internal/await"}},
	{pkg: "hook", may: []string{"", "abi", "vm", "host", "internal/packet", "internal/perfevent", xsys}},
	{pkg: "kernel", may: []string{
		"", "isa", "abi", "image", "object", "internal/packet", ciliumEBPF + "/...", xsys,
	}},
	{pkg: "kernel/afxdp", may: []string{"", "abi", "kernel", "internal/packet", "internal/mem", xsys}},
	{pkg: "explain", may: []string{"isa", "abi", "image", "object", "verifier", "vm", "vm/interp"}},
	{pkg: "skeptest", may: []string{"", "hook", "host", "kernel", "explain", "internal/packet"}},
	{pkg: "internal/qemu"},
	{pkg: "internal/qemu/guestinit", may: []string{xsys}},
	{pkg: "internal/difftest", may: []string{
		"", "isa", "abi", "image", "asm", "object", "verifier", "bpfmap", "vm", "vm/ir", "vm/interp", "vm/jit",
		"helper", "host", "kernel", "internal/mem", "internal/packet", ciliumBTF,
	}},
	{pkg: "internal/vmfuzz", may: []string{"isa", "abi", "image", "asm", "internal/randprog", "internal/difftest", "verifier", "kernel", "vm/jit", "vm/jit/emit"}},
	{pkg: "internal/vmfuzz/guest", may: []string{"internal/vmfuzz", xsys}},
	{pkg: "internal/vmfuzz/host", may: []string{"internal/qemu", "internal/randprog", "internal/difftest", "internal/vmfuzz"}},
	{pkg: "internal/agreement", may: []string{
		"isa", "abi", "image", "object", "verifier", "kernel", "internal/selftest", ciliumBTF,
	}},
	{pkg: "internal/bench", may: []string{"", "abi", "image", "vm", "internal/mem", "internal/packet"}},
	{pkg: "internal/bench/suite", may: []string{"", "image", "object", "internal/bench", ciliumEBPF + "/...", xsys}},
	{pkg: "examples/server", may: []string{"", "verifier"}},
	{pkg: "cmd/skep", may: []string{
		"", "isa", "abi", "host", "image", "asm", "object", "filter", "verifier", "vm", "vm/interp", "helper", "ringbuf", "perf",
		"hook", "kernel", "explain", "skeptest", "vm/jit/emit", "vm/jit/listing", "internal/bench", "internal/decode", "internal/near", "internal/selftest", ciliumBTF, cobra, pflag,
	}},
}

type arrow struct {
	pkg string // below the module's path; "" is the root package
	may []string
}

// never are the bans: what a package must not reach, not even through others
// (standard packages: not directly), and why.
var never = map[string]map[string]string{
	"": {
		"hook":     "hooks stand above the face, so that a new hook never touches it",
		"kernel":   "the kernel back end is one Backend among others; the face must build where there is no bpf(2)",
		"cmd/skep": "the command is a user of the library",
	},
	"isa": {
		"os": "instructions are data; whoever has a file hands its bytes in",
	},
	"abi": {
		"os": "the contract is tables only; the same on every machine",
	},
	"image": {
		"os":      "an image touches nothing: no files, no descriptors",
		"syscall": "an image touches nothing: no files, no descriptors",
		xsys:      "an image touches nothing: no files, no descriptors",
	},
	"asm": {
		"os": "text comes as a string; reading files is the caller's",
	},
	"object": {
		"verifier": "an object says what is asked; what is proven comes later and must not leak back",
		"vm":       "an object says what is asked; what runs comes later",
	},
	"filter": {
		"vm": "a filter is an image like any other and is verified like any other",
	},
	"verifier": {
		"vm":     "the verifier proves and never runs or rewrites",
		"vm/ir":  "the verifier proves and never rewrites; lowering is vm's",
		"bpfmap": "a verdict must not depend on a live map; frozen contents are in the image",
		"helper": "prototypes are in abi; a verdict must not depend on a body",
		"os":     "a verdict depends on the program and the options alone",
	},
	"internal/randprog": {
		"verifier": "whoever writes the programs must not know what will be said of them",
	},
	"verifier/domain": {
		"os": "numbers know nothing of machines",
	},
	"bpfmap": {
		"vm":     "maps hold programs as handles with a release callback",
		"helper": "helpers call maps, never the other way",
	},
	"vm": {
		"vm/interp": "vm defines Engine and takes it as an option",
		"vm/jit":    "vm defines Engine and takes it as an option",
		"helper":    "helper bodies come in as a table",
		"hook":      "a program does not know who calls it",
		"net":       "what lies outside comes through host.Host",
		"os":        "what lies outside comes through host.Host",
	},
	"vm/interp": {
		"vm/jit": "the reference engine must not share the other one's mistakes",
	},
	"vm/jit": {
		"vm/interp": "falling back to the interpreter is the caller's choice",
	},
	"vm/jit/emit":  {xsys: "encoders are pure functions, tested on every machine"},
	"vm/jit/amd64": {xsys: "encoders are pure functions, tested on every machine"},
	"vm/jit/arm64": {xsys: "encoders are pure functions, tested on every machine"},
	"helper": {
		"verifier":  "a body may not ask what was proven; the verifier checked its arguments",
		"vm/interp": "a body runs under every engine",
		"vm/jit":    "a body runs under every engine",
	},
	"ringbuf": {"hook": "a reader sees maps only"},
	"perf":    {"hook": "a reader sees maps only"},
	"hook": {
		"kernel": "user-space hooks must work where there is no bpf(2)",
	},
	"kernel": {
		"vm/interp": "the kernel runs its own programs",
		"hook":      "the kernel has its own hooks",
	},
	"explain":  {"cmd/skep": "the command prints what explain found"},
	"skeptest": {"cmd/skep": "tests use the library"},
}

// exemptReach are bans that hold for direct imports only, because the face
// stands between.
var exemptReach = map[string]bool{"kernel": true, "helper": true}

// everywhere are bans for every package of the product.
var everywhere = map[string]string{
	"C":            "the product builds with CGO_ENABLED=0",
	"log":          "a log is an io.Writer or *slog.Logger in Options, silent by default",
	"net/http":     "nothing here serves or fetches over HTTP",
	"plugin":       "what is linked in must be visible by reading",
	"io/ioutil":    "use io and os",
	"math/rand":    "use math/rand/v2 with a seed, or host.Host",
	"encoding/gob": "formats here are Linux's or JSON",
	"testing":      "test code lives in _test.go files",
}

// mayEverywhere names the packages that may break a rule of everywhere.
var mayEverywhere = map[string][]string{
	"testing": {"skeptest", "internal/golden", "internal/difftest"},
}

// onlyIn are imports that a package may have in the named files alone.
var onlyIn = map[string]map[string][]string{
	"object": {ciliumEBPF: {"spec.go"}, ciliumAsm: {"spec.go", "core.go"}},
	"":       {ciliumEBPF: {"fromspec.go"}},
}

// testMay are third-party modules that tests may add.
var testMay = []string{
	"github.com/google/go-cmp/...", "github.com/rogpeppe/go-internal/...",
	ciliumEBPF + "/...", xsys, gopacket, cobra,
}

// goFile is one Go source file of the module.
type goFile struct {
	path string // below the module's root, with slashes
	pkg  string // directory, "" for the root
	src  []byte
	ast  *ast.File
	fset *token.FileSet
}

func (f *goFile) test() bool { return strings.HasSuffix(f.path, "_test.go") }

// generated reports whether f says that a program made it.
func (f *goFile) generated() bool { return ast.IsGenerated(f.ast) }

func (f *goFile) pos(p token.Pos) string {
	return fmt.Sprintf("%s:%d", f.path, f.fset.Position(p).Line)
}

func (f *goFile) imports() []string {
	var paths []string
	for _, s := range f.ast.Imports {
		if p, err := strconv.Unquote(s.Path.Value); err == nil {
			paths = append(paths, p)
		}
	}
	return paths
}

// goFiles parses every Go file of the module, whatever its build constraints.
func goFiles(t *testing.T) []*goFile {
	t.Helper()
	var files []*goFile
	walk(t, func(name string) {
		if path.Ext(name) != ".go" || slices.Contains(strings.Split(path.Dir(name), "/"), "testdata") {
			return
		}
		src, err := os.ReadFile(filepath.FromSlash(name))
		if err != nil {
			t.Fatal(err)
		}
		f := &goFile{path: name, pkg: path.Dir(name), src: src, fset: token.NewFileSet()}
		if f.pkg == "." {
			f.pkg = ""
		}
		if f.ast, err = parser.ParseFile(f.fset, name, src, parser.ParseComments); err != nil {
			t.Errorf("%v", err)
			return
		}
		files = append(files, f)
	})
	if len(files) == 0 {
		t.Fatal("no Go files found: run the test from the module's root")
	}
	return files
}

// walk calls do with every file of the project: not those of version control,
// of the build folder and of nested modules.
func walk(t *testing.T, do func(name string)) {
	t.Helper()
	err := filepath.WalkDir(".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := filepath.ToSlash(p)
		if d.IsDir() {
			if name == ".git" || name == "build" {
				return filepath.SkipDir
			}
			if _, err := os.Stat(filepath.Join(p, "go.mod")); err == nil && name != "." {
				return filepath.SkipDir
			}
			return nil
		}
		if d.Type().IsRegular() {
			do(name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// inner is the path of an imported package below the module, ok false for
// others.
func inner(imp string) (pkg string, ok bool) {
	if imp == module {
		return "", true
	}
	return strings.CutPrefix(imp, module+"/")
}

func isStd(imp string) bool {
	first, _, _ := strings.Cut(imp, "/")
	return !strings.Contains(first, ".")
}

func matches(pattern, imp string) bool {
	if p, ok := strings.CutSuffix(pattern, "/..."); ok {
		return imp == p || strings.HasPrefix(imp, p+"/")
	}
	return pattern == imp
}

func anyMatches(patterns []string, imp string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return matches(p, imp) })
}

func show(pkg string) string {
	if pkg == "" {
		return "skep (root)"
	}
	return pkg
}

func TestArrowsAreAPartialOrder(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, a := range arrows {
		if seen[a.pkg] {
			t.Errorf("arrows has %s twice: keep one row", show(a.pkg))
		}
		for _, p := range a.may {
			if strings.Contains(p, ".") {
				continue // third party
			}
			if !seen[p] {
				t.Errorf("arrows lets %s import %s, which stands below it: move the row, or cut the arrow", show(a.pkg), show(p))
			}
		}
		seen[a.pkg] = true
	}
	for pkg := range never {
		if !seen[pkg] {
			t.Errorf("never has a row for %s, arrows has none: add one", show(pkg))
		}
	}
}

func TestImportsFollowTheArrows(t *testing.T) {
	t.Parallel()
	row := map[string]arrow{}
	for _, a := range arrows {
		row[a.pkg] = a
	}
	for _, f := range goFiles(t) {
		a, ok := row[f.pkg]
		if !ok && !f.test() {
			t.Errorf("%s: package %s has no row: add one to arrows in deps_test.go and to the table of ARCHITECTURE.md", f.path, f.pkg)
			continue
		}
		for _, imp := range f.imports() {
			if f.test() {
				checkTestImport(t, f, imp)
				continue
			}
			checkImport(t, f, a, imp)
		}
	}
}

func checkTestImport(t *testing.T, f *goFile, imp string) {
	t.Helper()
	if _, ok := inner(imp); ok || (isStd(imp) && imp != "C") || anyMatches(testMay, imp) {
		return
	}
	t.Errorf("%s: test imports %s: tests use the standard library, go-cmp and testscript", f.path, imp)
}

func checkImport(t *testing.T, f *goFile, a arrow, imp string) {
	t.Helper()
	if why, bad := everywhere[imp]; bad && !slices.Contains(mayEverywhere[imp], f.pkg) {
		t.Errorf("%s: import of %s: %s", f.path, imp, why)
		return
	}
	name := imp
	if p, ok := inner(imp); ok {
		name = p
	}
	for ban, why := range never[f.pkg] {
		if matches(ban, name) {
			t.Errorf("%s: %s must never import %s: %s", f.path, show(f.pkg), imp, why)
			return
		}
	}
	if isStd(imp) {
		return
	}
	if !anyMatches(a.may, name) {
		t.Errorf("%s: %s may not import %s: it may import %v.\n\tMove the code to the side that may, pass the value in, or, if the design changes, change the row in deps_test.go and ARCHITECTURE.md together",
			f.path, show(f.pkg), imp, a.may)
		return
	}
	if files, ok := onlyIn[f.pkg][imp]; ok && !slices.Contains(files, path.Base(f.path)) {
		t.Errorf("%s: %s may import %s only in %v: move the code there", f.path, show(f.pkg), imp, files)
	}
}

// TestBansHoldThroughOthers looks for a path from a package to one that it
// must never reach.
func TestBansHoldThroughOthers(t *testing.T) {
	t.Parallel()
	graph := map[string]map[string]bool{}
	for _, f := range goFiles(t) {
		if f.test() {
			continue
		}
		if graph[f.pkg] == nil {
			graph[f.pkg] = map[string]bool{}
		}
		for _, imp := range f.imports() {
			if p, ok := inner(imp); ok {
				graph[f.pkg][p] = true
			}
		}
	}
	for pkg, bans := range never {
		if exemptReach[pkg] {
			continue
		}
		for ban, why := range bans {
			if chain := reach(graph, pkg, ban); chain != nil {
				t.Errorf("%s must never reach %s: %s\n\tpath: %s", show(pkg), ban, why, strings.Join(chain, " → "))
			}
		}
	}
}

// reach is a shortest import path, nil if there is none.
func reach(graph map[string]map[string]bool, from, to string) []string {
	prev := map[string]string{from: from}
	for queue := []string{from}; len(queue) > 0; queue = queue[1:] {
		at := queue[0]
		next := make([]string, 0, len(graph[at]))
		for n := range graph[at] {
			next = append(next, n)
		}
		sort.Strings(next)
		for _, n := range next {
			if _, done := prev[n]; done {
				continue
			}
			prev[n] = at
			if n == to {
				chain := []string{show(n)}
				for n != from {
					n = prev[n]
					chain = append([]string{show(n)}, chain...)
				}
				return chain
			}
			queue = append(queue, n)
		}
	}
	return nil
}
