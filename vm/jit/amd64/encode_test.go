package amd64

import (
	"bytes"
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write testdata/encode.golden anew, from what llvm-mc reads in the bytes")

const golden = "testdata/encode.golden"

// every calls f with every form of every instruction, with registers and
// displacements that encode differently.
func every(f func(emit func(e *encoder))) {
	pairs := [][2]reg{{rax, rcx}, {rbx, r8}, {r13, rbp}, {rsi, rdi}, {r12, r15}, {rsp, rdx}}
	offs := []int32{0, 8, -128, 127, 128, -4096}
	for _, p := range pairs {
		a, b := p[0], p[1]
		for _, w := range []bool{false, true} {
			for _, op := range []alu{add, or, and, sub, xor, cmp} {
				f(func(e *encoder) { e.aluRR(w, op, a, b) })
				for _, imm := range []int32{1, -128, 128, -2147483648} {
					f(func(e *encoder) { e.aluRI(w, op, a, imm) })
				}
				f(func(e *encoder) { e.aluMI(w, op, b, -8, 5) })
				f(func(e *encoder) { e.aluMI(w, op, b, 512, 500) })
			}
			f(func(e *encoder) { e.movRR(w, a, b) })
			f(func(e *encoder) { e.testRR(w, a, b) })
			f(func(e *encoder) { e.testRI(w, a, 0x1234) })
			f(func(e *encoder) { e.imulRR(w, a, b) })
			f(func(e *encoder) { e.imulRRI(w, a, b, 7) })
			f(func(e *encoder) { e.imulRRI(w, a, b, 700) })
			for _, op := range []byte{opNot, opNeg, opMul, opImul, opDiv, opIdiv} {
				f(func(e *encoder) { e.unary(w, op, a) })
			}
			for _, op := range []byte{opRol, opRor, opShl, opShr, opSar} {
				f(func(e *encoder) { e.shiftRI(w, op, a, 1) })
				f(func(e *encoder) { e.shiftRI(w, op, a, 13) })
				f(func(e *encoder) { e.shiftCL(w, op, a) })
			}
			for _, op := range []byte{opShl, opShr, opSar} {
				f(func(e *encoder) { e.shiftX(w, op, a, b, r9) })
				f(func(e *encoder) { e.shiftX(w, op, b, a, rcx) })
			}
			f(func(e *encoder) { e.rorX(w, a, b, 13) })
			f(func(e *encoder) { e.rorX(w, b, a, 1) })
			f(func(e *encoder) { e.mulX(a, b, r11) })
			f(func(e *encoder) { e.mulX(r10, r9, b) })
			f(func(e *encoder) { e.bswap(w, a) })
			f(func(e *encoder) { e.popcnt(w, a, b) })
			f(func(e *encoder) { e.popcnt(w, b, a) })
			f(func(e *encoder) { e.movsx8(w, a, b) })
			f(func(e *encoder) { e.movsx16(w, a, b) })
			f(func(e *encoder) { e.cqo(w) })
			f(func(e *encoder) { e.xchg(w, a, 16, b) })
			for _, op := range []alu{add, or, and, xor} {
				f(func(e *encoder) { e.lock(w, byte(op)<<3|1, a, 16, b) })
			}
			f(func(e *encoder) { e.lock0f(w, 0xc1, a, 16, b) })
			f(func(e *encoder) { e.lock0f(w, 0xb1, a, 0, b) })
		}
		f(func(e *encoder) { e.ror16(a) })
		f(func(e *encoder) { e.movzx8(a, b) })
		f(func(e *encoder) { e.movzx16(a, b) })
		f(func(e *encoder) { e.movsx32(a, b) })
		f(func(e *encoder) { e.push(a) })
		f(func(e *encoder) { e.callR(a) })
		f(func(e *encoder) { e.jmpR(b) })
		f(func(e *encoder) { e.loadIndex(a, r11, b, 3) })
		f(func(e *encoder) { e.pop(b) })
		for _, imm := range []int64{0, 1, -1, 0xffffffff, 1 << 31, -1 << 31, 0x123456789abcdef0} {
			f(func(e *encoder) { e.movRI(a, imm) })
		}
		for _, off := range offs {
			for _, size := range []int{1, 2, 4, 8} {
				f(func(e *encoder) { e.load(size, false, a, b, off) })
				f(func(e *encoder) { e.load(size, true, b, a, off) })
				f(func(e *encoder) { e.store(size, a, off, b) })
				f(func(e *encoder) { e.store(size, b, off, a) })
				f(func(e *encoder) { e.storeI(size, a, off, 0x12) })
			}
			f(func(e *encoder) { e.lea(a, b, off) })
			f(func(e *encoder) { e.callMem(a, off) })
			f(func(e *encoder) { e.jmpMem(b, off) })
		}
	}
	everyIndexed(f)
	f(func(e *encoder) { e.ret() })
	everyOfLeaves(f)
}

// everyIndexed is every for accesses with an index.
func everyIndexed(f func(emit func(e *encoder))) {
	for _, m := range []operand{
		{base: rax, index: rcx, indexed: true}, {base: rbp, index: r13, indexed: true, scale: 1},
		{base: r13, index: rbp, indexed: true, scale: 2, off: -8}, {base: r12, index: r12, indexed: true, scale: 3, off: 4096},
		{base: rsp, index: rdi, indexed: true, off: 127}, {base: rbp, off: -8}, {base: r15},
	} {
		for _, r := range []reg{rax, rsi, r9} {
			for _, size := range []int{1, 2, 4, 8} {
				f(func(e *encoder) { e.loadAt(size, false, r, m) })
				f(func(e *encoder) { e.loadAt(size, true, r, m) })
				f(func(e *encoder) { e.storeAt(size, m, r) })
				f(func(e *encoder) { e.storeIAt(size, m, 0x12) })
				f(func(e *encoder) { e.aluTo(size, xor, m, r) })
				f(func(e *encoder) { e.aluToI(size, and, m, -5) })
				f(func(e *encoder) { e.aluToI(max(size, 4), add, m, 500) })
			}
			for _, w := range []bool{false, true} {
				f(func(e *encoder) { e.aluAt(w, sub, r, m) })
				f(func(e *encoder) { e.imulAt(w, r, m) })
				f(func(e *encoder) { e.leaAt(w, r, m) })
			}
		}
	}
}

// TestEncodingsAreWhatTheyWere holds every instruction against a file of bytes
// and the text that llvm-mc read in them.
func TestEncodingsAreWhatTheyWere(t *testing.T) {
	t.Parallel()
	var got []string
	every(func(emit func(e *encoder)) {
		var e encoder
		emit(&e)
		got = append(got, hex.EncodeToString(e.Code))
	})
	if *update {
		writeGolden(t, got)
	}
	data, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(data)), "\n")
	if len(lines) != len(got) {
		t.Fatalf("%d instructions, %s has %d: look at the difference, then run with -update", len(got), golden, len(lines))
	}
	for i, line := range lines {
		if want, text, _ := strings.Cut(line, "\t"); got[i] != want {
			t.Errorf("%s: %s, want %s", text, got[i], want)
		}
	}
}

// writeGolden asks llvm-mc, which must read as many instructions as there are.
func writeGolden(t *testing.T, code []string) {
	t.Helper()
	var in bytes.Buffer
	for _, c := range code {
		for i := 0; i < len(c); i += 2 {
			fmt.Fprintf(&in, "0x%s ", c[i:i+2])
		}
		in.WriteString("\n")
	}
	cmd := exec.Command("llvm-mc-19", "--disassemble", "--triple=x86_64", "--mattr=+bmi2", "--output-asm-variant=1")
	cmd.Stdin = &in
	text, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	var out bytes.Buffer
	i := 0
	lock := "" // llvm-mc takes the prefix for an instruction
	for line := range strings.Lines(string(text)) {
		line = strings.Join(strings.Fields(line), " ")
		if line == "" || line == ".text" {
			continue
		}
		if line == "lock" {
			lock = "lock "
			continue
		}
		if i < len(code) {
			fmt.Fprintf(&out, "%s\t%s%s\n", code[i], lock, line)
		}
		lock = ""
		i++
	}
	if i != len(code) {
		t.Fatalf("llvm-mc reads %d instructions in %d", i, len(code))
	}
	if err := os.WriteFile(golden, out.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}
