package listing

import (
	"encoding/hex"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/skepbpf/skep/asm"
	"github.com/skepbpf/skep/isa"
	"github.com/skepbpf/skep/vm"
	"github.com/skepbpf/skep/vm/ir"
	"github.com/skepbpf/skep/vm/jit/emit"
)

// TestForms holds the text of instructions that x/arch does not know. The bytes
// are llvm-mc's.
func TestForms(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ arch, bytes, text string }{
		{"amd64", "c4e2f1f7c3", "shlx rax, rbx, rcx"},
		{"amd64", "c44223f7949545230100", "shrx r10d, [r13+rdx*4+0x12345], r11d"},
		{"amd64", "c4c2b2f73c24", "sarx rdi, [r12], r9"},
		{"amd64", "c462b3f645f8", "mulx r8, r9, [rbp-0x8]"},
		{"amd64", "c4c37bf0c607", "rorx eax, r14d, 0x7"},
		{"amd64", "c4c2a0f24c2408", "andn rcx, r11, [r12+0x8]"},
		{"amd64", "c4a268f504cd40000000", "bzhi eax, [+r9*8+0x40], edx"},
		{"amd64", "c4e2f0f7c3", "bextr rax, rbx, rcx"},
		{"amd64", "c4e3fbf005100000003f", "rorx rax, [rip+0x10], 0x3f"},
		{"amd64", "4801d8", "add rax, rbx"},
		{"amd64", "eb02", "jmp 0x14"},
		{"arm64", "0f02e1f8", "ldaddal x1, x15, [x16]"},
		{"arm64", "e21321b8", "ldclr w1, w2, [sp]"},
		{"arm64", "9f30a338", "ldsetab w3, wzr, [x4]"},
		{"arm64", "e68065f8", "swpl x5, x6, [x7]"},
		{"arm64", "0ffef188", "casal w17, w15, [x16]"},
		{"arm64", "627ca1c8", "cas x1, x2, [x3]"},
		{"arm64", "62fca108", "caslb w1, w2, [x3]"},
		{"arm64", "a27ce148", "casah w1, w2, [x5]"},
		{"arm64", "62202178", "ldeorh w1, w2, [x3]"},
		{"arm64", "02000014", "b 0x18"},
		{"arm64", "c0035fd6", "ret"},
	} {
		b, err := hex.DecodeString(c.bytes)
		if err != nil {
			t.Fatal(err)
		}
		g, err := generatorOf(c.arch)
		if err != nil {
			t.Fatal(err)
		}
		if n, text := g.disassemble(append(b, 0x90, 0x90), 0x10); n != len(b) || text != c.text {
			t.Errorf("%s: %d bytes, %q, want %d, %q", c.bytes, n, text, len(b), c.text)
		}
	}
}

// TestDisassemblersTakeAnything feeds them random bytes.
func TestDisassemblersTakeAnything(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	for _, arch := range []string{"amd64", "arm64"} {
		g, err := generatorOf(arch)
		if err != nil {
			t.Fatal(err)
		}
		code := make([]byte, 16)
		for range 20000 {
			for i := range code {
				code[i] = byte(r.Uint32())
			}
			if r.IntN(4) == 0 {
				code[0] = 0xc4
				code[1] = code[1]&0xe0 | byte(2+r.IntN(2))
				code[3] = [...]byte{0xf7, 0xf6, 0xf0, 0xf2, 0xf5}[r.IntN(5)]
			}
			part := code[:1+r.IntN(len(code))]
			if n, text := g.disassemble(part, 0); n < 1 || n > len(part) || text == "" {
				t.Fatalf("%s: % x: %d bytes, %q", arch, part, n, text)
			}
		}
	}
	if _, err := generatorOf("mips"); err == nil {
		t.Error("an architecture that there is not")
	}
}

// programs are lowered programs: those of vm's tests that have no maps.
func programs(t *testing.T) map[string]*ir.Program {
	t.Helper()
	files, err := filepath.Glob("../../testdata/run/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no programs: %v", err)
	}
	all := map[string]*ir.Program{}
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range txtar.Parse(src).Files {
			if !strings.HasSuffix(f.Name, ".s") {
				continue
			}
			coll, err := asm.Parse(file, f.Data)
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range coll.Programs {
				if len(p.Maps) > 0 || isa.Validate(p.Insns) != nil {
					continue
				}
				if low, err := vm.LowerUnverified(p, nil); err == nil {
					all[filepath.Base(file)+":"+p.Name] = low
				}
			}
		}
	}
	if len(all) < 10 {
		t.Fatalf("%d programs", len(all))
	}
	return all
}

// TestEveryByteIsForSomething demands that pieces cover the code without gaps but
// padding, that all is disassembled, and that every instruction has a piece or is
// named as gone.
func TestEveryByteIsForSomething(t *testing.T) {
	t.Parallel()
	for name, low := range programs(t) {
		if slices.ContainsFunc(low.Insns, func(in ir.Insn) bool { return in.Op == ir.CallX }) {
			continue // has no machine code
		}
		for _, arch := range []string{"amd64", "arm64"} {
			for _, off := range []emit.Opt{0, emit.OptAll} {
				l, err := Of(low, Options{Arch: arch, Off: off, Plain: off != 0})
				if err != nil {
					t.Errorf("%s, %s: %v", name, arch, err)
					continue
				}
				covered(t, name+", "+arch, low, l, off != 0)
			}
		}
	}
}

func covered(t *testing.T, name string, low *ir.Program, l *Listing, straight bool) {
	t.Helper()
	at := 0
	seen := map[int]bool{}
	kinds := map[emit.MarkKind]bool{}
	for i := range l.Pieces {
		p := &l.Pieces[i]
		kinds[p.Kind] = true
		seen[p.Slot] = true
		if p.Kind == emit.MarkStart { // padding stands before it
			for ; at < p.Code[0].Offset; at++ {
				if l.Code[at] != 0xcc {
					t.Errorf("%s: %#x at %#x is for nothing", name, l.Code[at], at)
				}
			}
		}
		for _, in := range p.Code {
			if in.Offset != at || len(in.Bytes) == 0 {
				t.Fatalf("%s: an instruction at %#x, want %#x", name, in.Offset, at)
			}
			at += len(in.Bytes)
			if strings.HasPrefix(in.Text, ".") && p.Kind != emit.MarkLoop { // which has a table of jumps
				t.Errorf("%s: %x is not disassembled", name, in.Bytes)
			}
		}
	}
	if at != len(l.Code) {
		t.Errorf("%s: pieces end at %#x, code at %#x", name, at, len(l.Code))
	}
	for _, k := range []emit.MarkKind{emit.MarkFunc, emit.MarkEnd, emit.MarkLeave, emit.MarkStart} {
		if !kinds[k] {
			t.Errorf("%s: nothing of kind %d", name, k)
		}
	}
	for i := range low.Insns {
		s := int(low.Insns[i].Slot)
		if _, gone := slices.BinarySearch(l.Gone, s); seen[s] == gone {
			t.Errorf("%s: slot %d: code %v, gone %v", name, s, seen[s], gone)
		} else if gone && straight && low.Insns[i].Op != ir.Exit && low.Insns[i].Op != ir.JA {
			t.Errorf("%s: slot %d is gone without an optimisation", name, s)
		}
	}
}
