package verifier_test

import (
	"bytes"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/skepbpf/skep/verifier"
)

var update = flag.Bool("update", false, "write messages.txt and the facts of testdata/numbers")

// TestMessages holds messages.txt against the calls that refuse a program.
func TestMessages(t *testing.T) {
	t.Parallel()
	var want bytes.Buffer
	for _, m := range refusals(t) {
		fmt.Fprintf(&want, "%s\t%s\n", m.Code, m.Format)
	}
	if *update {
		if err := os.WriteFile("messages.txt", want.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	have, err := os.ReadFile("messages.txt")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(have, want.Bytes()) {
		t.Error("messages.txt is not what the sources say: go test ./verifier -run TestMessages -update")
	}
}

// TestEveryCodeIsUsed holds that a program can meet every code but those that
// say so on their page.
func TestEveryCodeIsUsed(t *testing.T) {
	t.Parallel()
	used := map[verifier.Code]bool{}
	for _, m := range refusals(t) {
		used[m.Code] = true
	}
	for _, c := range verifier.Codes() {
		if unused := c == verifier.CodeUnsupported; used[c] == unused {
			t.Errorf("%s: used %v", c, used[c])
		}
	}
}

// TestFindMessages looks for messages as people have them: whole, in part,
// with what tools print around them.
func TestFindMessages(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, text, first string }{
		{"whole line", "invalid access to packet, off=0 size=14, R2(id=0,off=0,r=0)", "PacketAccess"},
		{"beginning of a line", "invalid access to packet, off=0 size=14", "PacketAccess"},
		{"a few words", "access to packet, off", "PacketAccess"},
		{"with what a loader prints before it", "libbpf: prog 'f': 5: (71) r1 = *(u8 *)(r0 +0) R0 invalid mem access 'map_value_or_null'", "MaybeNull"},
		{"scalar", "R1 invalid mem access 'scalar'", "InvalidMem"},
		{"uninitialised register", "R0 !read_ok", "Uninit"},
		{"another number", "R7 !read_ok", "Uninit"},
		{"letters in the other case", "UNRELEASED REFERENCE", "RefLeak"},
		{"message and register state", "R5 min value is negative, either use unsigned index or do a if (index >=0) check.", "Unbounded"},
		{"from memory", "value outside of the allowed memory range", "MemAccess"},
		{"register that does not exist", "R15 is invalid", "BadReg"},
		{"beginning of a longer message", "R3 pointer arithmetic on pkt_end prohibited", "PointerArith"},
		{"message that begins as another", "R0 pointer arithmetic on sock_or_null prohibited, null-check it first", "MaybeNull"},
		{"state behind a loop's message", "old state: R0=P0 R1=ctx() R10=fp0", "InfiniteLoop"},
		{"budget", "BPF program is too large. Processed 1000001 insn", "TooManyInsns"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			found := verifier.FindMessages(c.text)
			if len(found) == 0 || found[0].Code.String() != c.first {
				t.Errorf("%v, want %s first", found, c.first)
			}
		})
	}
	for _, text := range []string{"", "R1", "7", "hello", "the quick brown fox jumps over", "%s", strings.Repeat("x", 1<<16)} {
		if found := verifier.FindMessages(text); len(found) != 0 {
			t.Errorf("%.20q: %v", text, found)
		}
	}
}

// TestFindEveryMessage finds a message of every format, by the whole of it.
func TestFindEveryMessage(t *testing.T) {
	t.Parallel()
	for _, m := range refusals(t) {
		text := strings.NewReplacer("%d", "7", "%s", "abc", "%x", "ff", "%q", `"abc"`, "%v", "abc", "%%", "%").Replace(m.Format)
		if m.Code == verifier.CodeMaybeNull && strings.Contains(m.Format, "invalid mem access") {
			text = strings.Replace(text, "'abc'", "'abc_or_null'", 1)
		}
		ok := slices.ContainsFunc(verifier.FindMessages(text), func(f verifier.Message) bool { return f.Code == m.Code })
		if !ok {
			t.Errorf("%s is not found by %q", m.Code, text)
		}
	}
}

// refusals are the messages in the calls that refuse a program, in the order
// of their codes. A message is a text beside a code in a call, or the text in
// a call of a function that adds the code.
func refusals(t *testing.T) []verifier.Message {
	t.Helper()
	fset := token.NewFileSet()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[verifier.Message]bool{}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(fset, file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range linesBefore(t, fset, f) {
			seen[m] = true
		}
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Body == nil || fn.Name.Name == "reject" || file == "page.go" {
				continue
			}
			for _, m := range refusalsOf(t, fset, fn) {
				seen[m] = true
			}
		}
	}
	for _, m := range behind {
		seen[m] = true
	}
	for _, format := range encodingErrors(t) {
		seen[verifier.Message{Code: verifier.CodeBadInsn, Format: format}] = true
	}
	all := make([]verifier.Message, 0, len(seen))
	for m := range seen {
		all = append(all, m)
	}
	slices.SortFunc(all, func(a, b verifier.Message) int {
		if a.Code != b.Code {
			return int(a.Code) - int(b.Code)
		}
		return strings.Compare(a.Format, b.Format)
	})
	return all
}

// refusalsOf are the messages in one function.
func refusalsOf(t *testing.T, fset *token.FileSet, fn *ast.FuncDecl) []verifier.Message {
	var out []verifier.Message
	adds := map[string]verifier.Code{}    // functions that add a code to their text
	codes := map[string][]verifier.Code{} // variables and the codes that they may hold
	texts := map[string][]string{}        // variables and what they may hold
	ast.Inspect(fn, func(n ast.Node) bool {
		as, ok := n.(*ast.AssignStmt)
		if !ok || len(as.Lhs) != len(as.Rhs) {
			return true
		}
		for i, l := range as.Lhs {
			id, ok := l.(*ast.Ident)
			if !ok {
				continue
			}
			if c, ok := as.Rhs[i].(*ast.Ident); ok && codeNamed(c.Name) != 0 {
				codes[id.Name] = append(codes[id.Name], codeNamed(c.Name))
			}
			if s, ok := constant(as.Rhs[i]); ok {
				texts[id.Name] = append(texts[id.Name], s)
			}
			if lit, ok := as.Rhs[i].(*ast.FuncLit); ok {
				if c, ok := addsCode(lit); ok {
					adds[id.Name] = c
				}
			}
		}
		return true
	})
	if fn.Name.Name == "bug" {
		return []verifier.Message{{Code: verifier.CodeInternal, Format: "verifier bug: %s"}}
	}
	inside := 0 // functions that add a code, whose own call has no text
	ast.Inspect(fn, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		codes, format := codeAndText(call, texts, codes)
		if id, ok := call.Fun.(*ast.Ident); ok && adds[id.Name] != 0 {
			codes = []verifier.Code{adds[id.Name]}
		}
		if len(codes) == 0 {
			return true
		}
		if len(format) == 0 {
			if inside++; inside > len(adds) {
				t.Errorf("%s: a refusal without a text that can be read here", fset.Position(call.Pos()))
			}
		}
		for _, c := range codes {
			for _, s := range format {
				if strings.Trim(s, "%s") == "" {
					continue // texts of package isa
				}
				out = append(out, verifier.Message{Code: c, Format: s})
			}
		}
		return true
	})
	return out
}

// encodingErrors are the lines of Linux in package isa's check of encodings.
func encodingErrors(t *testing.T) []string {
	f, err := parser.ParseFile(token.NewFileSet(), "../isa/check.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	ast.Inspect(f, func(n ast.Node) bool {
		lit, ok := n.(*ast.BasicLit)
		if !ok {
			return true
		}
		if s, ok := constant(lit); ok && linuxEncoding.MatchString(s) {
			all = append(all, s)
		}
		return true
	})
	return all
}

var linuxEncoding = regexp.MustCompile(`^(BPF_|unknown opcode|unrecognized |invalid |addr_space_cast )`)

// before are the lines that Linux prints before the reason, often the ones that
// people know, with the code of the reason.
var before = map[string]verifier.Code{
	"func '%s' offset %d is not multiple of 8":                                  verifier.CodeCtxAccess,
	"func '%s' arg%d '%s' has type %s. Only pointer access is allowed":          verifier.CodeCtxAccess,
	"func '%s' size %d must be 8":                                               verifier.CodeCtxAccess,
	"func '%s' arg%d type %s is not a struct":                                   verifier.CodeCtxAccess,
	"func '%s' doesn't have %d-th argument":                                     verifier.CodeCtxAccess,
	"ret type %s not allowed for fmod_ret":                                      verifier.CodeCtxAccess,
	"%s has to be at a constant offset":                                         verifier.CodeDynptr,
	"cannot pass in %s at an offset=%d":                                         verifier.CodeDynptr,
	"cannot update sockmap in this context":                                     verifier.CodeHelperMap,
	"Unreleased reference id=%d alloc_insn=%d":                                  verifier.CodeRefLeak,
	"held lock and object are not in the same allocation":                       verifier.CodeLock,
	"invalid access to map key, key_size=%d off=%d size=%d":                     verifier.CodeMemAccess,
	"invalid access to map value, value_size=%d off=%d size=%d":                 verifier.CodeMemAccess,
	"invalid access to packet, off=%d size=%d, R%d(id=%d,off=%d,r=%d)":          verifier.CodePacketAccess,
	"invalid access to memory, mem_size=%d off=%d size=%d":                      verifier.CodeMemAccess,
	"global function calls are not allowed while holding a lock,":               verifier.CodeLock,
	"global functions that may sleep are not allowed in non-sleepable context,": verifier.CodeSleep,
	"i.e., in a RCU/IRQ/preempt-disabled section, or in":                        verifier.CodeSleep,
}

// behind are lines that Linux prints behind the reason.
var behind = []verifier.Message{
	{Code: verifier.CodeInfiniteLoop, Format: "cur state:%s"},
	{Code: verifier.CodeInfiniteLoop, Format: "old state:%s"},
	{Code: verifier.CodeGlobalArgs, Format: "Caller passes invalid args into func#%d ('%s')"},
}

// linesBefore are the lines that the verifier logs with a reason.
func linesBefore(t *testing.T, fset *token.FileSet, f *ast.File) []verifier.Message {
	var all []verifier.Message
	ast.Inspect(f, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || len(call.Args) == 0 {
			return true
		}
		fun, ok := call.Fun.(*ast.SelectorExpr)
		if !ok || fun.Sel.Name != "note" {
			return true
		}
		s, _ := constant(call.Args[0])
		c, ok := before[s]
		if !ok {
			t.Errorf("%s: %q has no code: add it to before", fset.Position(call.Pos()), s)
		}
		all = append(all, verifier.Message{Code: c, Format: s})
		return true
	})
	return all
}

// codeAndText are the codes that a call names, and its first text.
func codeAndText(call *ast.CallExpr, texts map[string][]string, vars map[string][]verifier.Code) (codes []verifier.Code, format []string) {
	for _, a := range call.Args {
		if id, ok := a.(*ast.Ident); ok {
			if c := codeNamed(id.Name); c != 0 {
				codes = append(codes, c)
			} else if len(vars[id.Name]) > 0 {
				codes = append(codes, vars[id.Name]...)
			} else if len(format) == 0 && id.Name == "format" {
				format = texts[id.Name]
			}
		}
		if s, ok := constant(a); ok && len(format) == 0 {
			format = []string{s}
		}
	}
	return codes, format
}

// addsCode is the code that a function adds to the text it is given.
func addsCode(lit *ast.FuncLit) (verifier.Code, bool) {
	var code verifier.Code
	ast.Inspect(lit, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok {
			if codes, format := codeAndText(call, nil, nil); len(codes) == 1 && len(format) == 0 {
				code = codes[0]
			}
		}
		return true
	})
	return code, code != 0
}

func codeNamed(name string) verifier.Code {
	for _, c := range verifier.Codes() {
		if name == "Code"+c.String() {
			return c
		}
	}
	return 0
}

// constant is the value of a text, or of several joined.
func constant(e ast.Expr) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		s, err := strconv.Unquote(e.Value)
		return s, err == nil && e.Kind == token.STRING
	case *ast.BinaryExpr:
		a, ok := constant(e.X)
		b, ok2 := constant(e.Y)
		return a + b, ok && ok2
	}
	return "", false
}
