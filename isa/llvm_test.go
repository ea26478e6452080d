package isa

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// samples are a few encodings of every row that LLVM 19 knows.
func samples() [][]Insn {
	some := func(r Rule, vs ...int32) []int32 { return values(r, vs) }
	var out [][]Insn
	for _, o := range Opcodes() {
		switch o.Form {
		case FormLoadAcquire, FormStoreRelease, FormGotoX, FormCallLocal, FormCallKfunc:
			continue // newer than LLVM 19, or lost in its text
		}
		offs, imms := some(o.Off, 4, -8), some(o.Imm, 5, -1<<31)
		if o.Form == FormExit {
			offs = []int32{0}
		}
		if o.Form == FormGotoL {
			imms = []int32{0, 32767, -32768} // no more in LLVM's text
		}
		if o.Form == FormInd {
			imms = []int32{0} // LLVM has no displacement here
		}
		for _, off := range offs {
			for _, imm := range imms {
				dst, src := some(o.Dst)[len(some(o.Dst))/2], some(o.Src)[len(some(o.Src))-1]
				i := New(o.Op, Reg(dst), Reg(src), int16(off), imm)
				if !o.Wide() {
					out = append(out, []Insn{i})
					continue
				}
				his := []int32{0} // LLVM drops the upper half of ld_pseudo
				if o.Form == FormImm64 {
					his = []int32{0, 0x11223344, -1}
				}
				for _, hi := range his {
					out = append(out, []Insn{i, {Imm: hi}})
				}
			}
		}
	}
	return out
}

// TestLLVMAgrees has LLVM assemble the text that skep prints, and skep read
// the text that LLVM prints.
func TestLLVMAgrees(t *testing.T) {
	t.Parallel()
	mc, err := exec.LookPath("llvm-mc-19")
	if err != nil {
		t.Skip("llvm-mc-19 is not installed")
	}
	objdump, err := exec.LookPath("llvm-objdump-19")
	if err != nil {
		t.Skip("llvm-objdump-19 is not installed")
	}
	var src, code bytes.Buffer
	p := &Printer{Syntax: SyntaxLLVM}
	all := samples()
	for _, s := range all {
		hi := Insn{}
		if len(s) == 2 {
			hi = s[1]
		}
		fmt.Fprintln(&src, p.Format(0, s[0], hi))
		code.Write(Encode(s, binary.LittleEndian))
	}
	dir := t.TempDir()
	obj := filepath.Join(dir, "a.o")
	cmd := exec.Command(mc, "-triple=bpfel", "-mcpu=v4", "-filetype=obj", "-o", obj)
	cmd.Stdin = &src
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	text, err := exec.Command(objdump, "-d", "--mcpu=v4", obj).Output()
	if err != nil {
		t.Fatal(err)
	}
	var back []byte
	var record bytes.Buffer
	n := 0
	eachDisassembled(string(text), func(b []byte, asm string) {
		back = append(back, b...)
		got, err := Parse(asm)
		if err != nil || !equal(got, all[n]) {
			t.Errorf("LLVM says %q to %x; it reads as %+v, %v", asm, b, got, err)
		}
		fmt.Fprintf(&record, "%x\t%s\n", b, asm)
		n++
	})
	if !bytes.Equal(back, code.Bytes()) || n != len(all) {
		t.Errorf("LLVM makes other bytes of the text: %d instructions of %d", n, len(all))
	}
	if golden := os.Getenv("SKEP_LLVM_GOLDEN"); golden != "" { // writes the golden file
		header := "# Instructions as llvm-objdump 19.1 prints them, little-endian bytes first.\n"
		if err := os.WriteFile(golden, append([]byte(header), record.Bytes()...), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// eachDisassembled calls f with every instruction of llvm-objdump's output.
func eachDisassembled(text string, f func(code []byte, asm string)) {
	for line := range strings.SplitSeq(text, "\n") {
		cols := strings.SplitN(line, "\t", 3)
		if len(cols) != 3 {
			continue
		}
		b, err := hex.DecodeString(strings.ReplaceAll(strings.TrimSpace(cols[1]), " ", ""))
		if err == nil && len(b) > 0 {
			f(b, strings.ReplaceAll(cols[2], "\t", " "))
		}
	}
}

// TestLLVMsTextOfObjectsReads reads what llvm-objdump prints of compiled
// objects. The directory is given by SKEP_ORACLE_OBJS.
func TestLLVMsTextOfObjectsReads(t *testing.T) {
	t.Parallel()
	dir := os.Getenv("SKEP_ORACLE_OBJS")
	if dir == "" {
		t.Skip("SKEP_ORACLE_OBJS names no directory of objects")
	}
	objdump, err := exec.LookPath("llvm-objdump-19")
	if err != nil {
		t.Skip("llvm-objdump-19 is not installed")
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.o"))
	if err != nil || len(files) == 0 {
		t.Fatal("no objects", err)
	}
	n, bad := 0, 0
	for _, file := range files {
		if strings.Contains(file, "legacy_") {
			continue // programs that need not be legal
		}
		text, err := exec.Command(objdump, "-d", "--mcpu=v4", file).Output()
		if err != nil {
			t.Fatal(err)
		}
		eachDisassembled(string(text), func(b []byte, asm string) {
			want, err := Decode(b, binary.LittleEndian)
			if err != nil || strings.Contains(asm, "<unknown>") || want[0].Op == CallOp && want[0].Src() != CallHelper {
				return // LLVM does not know it, or does not show what is called
			}
			if o := Lookup(want[0]); o.Form == FormInd && want[0].Imm != 0 {
				return // LLVM does not show the displacement
			}
			n++
			if got, err := Parse(asm); (err != nil || !equal(got, want)) && bad < 20 {
				bad++
				t.Errorf("%s: LLVM says %q to %x; it reads as %+v, %v", filepath.Base(file), asm, b, got, err)
			}
		})
	}
	t.Logf("%d instructions of %d objects", n, len(files))
}
