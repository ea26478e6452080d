package arm64

import (
	"bytes"
	"encoding/hex"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/skepbpf/skep/vm/jit/emit"
)

var update = flag.Bool("update", false, "write testdata/encode.golden anew, from what llvm-mc reads in the bytes")

const golden = "testdata/encode.golden"

// every calls f with every form of every instruction, with registers,
// constants and displacements that encode differently.
func every(f func(emit func(e *encoder))) {
	triples := [][3]reg{{x0, x1, x2}, {x19, x30, x7}, {x25, x3, x16}}
	for _, p := range triples {
		d, n, m := p[0], p[1], p[2]
		for _, w := range []bool{false, true} {
			everyArith(f, w, d, n, m)
			for _, op := range []two{udiv, sdiv, lslv, lsrv, asrv, rorv} {
				f(func(e *encoder) { e.twoRR(w, op, d, n, m) })
			}
			for _, op := range []one{rbit, rev16, rev32, clz} {
				f(func(e *encoder) { e.oneRR(w, op, d, n) })
			}
			for _, s := range []uint8{0, 1, 13, 31} {
				f(func(e *encoder) { e.lslRI(w, d, n, s) })
				f(func(e *encoder) { e.lsrRI(w, d, n, s) })
				f(func(e *encoder) { e.asrRI(w, d, n, s) })
				f(func(e *encoder) { e.rorRI(w, d, n, s) })
			}
			f(func(e *encoder) { e.fieldRI(w, ubfm, d, n, 5, 12) })
			f(func(e *encoder) { e.toVector(w, n) })
			f(func(e *encoder) { e.extend(w, sbfm, d, n, 8) })
			f(func(e *encoder) { e.extend(w, sbfm, d, n, 16) })
			f(func(e *encoder) { e.extend(w, ubfm, d, n, 16) })
			f(func(e *encoder) { e.maddRR(w, d, n, m, x9) })
			f(func(e *encoder) { e.msubRR(w, d, n, m, x9) })
			f(func(e *encoder) { e.mulRR(w, d, n, m) })
			f(func(e *encoder) { e.cselRR(w, d, n, m, condHI) })
		}
		f(func(e *encoder) { e.oneRR(true, rev64, d, n) })
		f(func(e *encoder) { e.onesOfBytes() })
		f(func(e *encoder) { e.addBytes() })
		f(func(e *encoder) { e.fromVector(d) })
		f(func(e *encoder) { e.extend(true, sbfm, d, n, 32) })
		f(func(e *encoder) { e.lsrRI(true, d, n, 63) })
		f(func(e *encoder) { e.lslRI(true, d, n, 63) })
		f(func(e *encoder) { e.umulhRR(d, n, m) })
		f(func(e *encoder) { e.smulhRR(d, n, m) })
		f(func(e *encoder) { e.umaddlRR(d, n, m, x9) })
		f(func(e *encoder) { e.smaddlRR(d, n, m, x9) })
		f(func(e *encoder) { e.csetR(d, condLT) })
		f(func(e *encoder) { e.movSP(d, sp) })
		f(func(e *encoder) { e.movSP(sp, d) })
		f(func(e *encoder) { e.br(d) })
		f(func(e *encoder) { e.blr(n) })
		everyMemory(f, d, n, m)
	}
	everyConstant(f)
	everyJump(f)
}

func everyArith(f func(emit func(e *encoder)), w bool, d, n, m reg) {
	for _, op := range []arith{add, adds, sub, subs} {
		f(func(e *encoder) { e.arithRR(w, op, d, n, m) })
		for _, by := range []shift{lsl, lsr, asr} {
			f(func(e *encoder) { e.arithShifted(w, op, d, n, m, by, 5) })
		}
		for _, imm := range []int64{0, 1, 4095, 4096, 0xfff000, -1, -4096} {
			f(func(e *encoder) { e.arithRI(w, op, d, n, imm) })
		}
	}
	f(func(e *encoder) { e.arithRI(w, sub, sp, sp, 64) })
	f(func(e *encoder) { e.cmpRR(w, n, m) })
	f(func(e *encoder) { e.cmpRI(w, n, 77) })
	f(func(e *encoder) { e.cmpRI(w, n, -77) })
	f(func(e *encoder) { e.negRR(w, d, m) })
	f(func(e *encoder) { e.movRR(w, d, m) })
	f(func(e *encoder) { e.mvnRR(w, d, m) })
	f(func(e *encoder) { e.tstRR(w, n, m) })
	for _, op := range []logic{and, bic, orr, orn, eor, eon, ands} {
		f(func(e *encoder) { e.logicRR(w, op, d, n, m) })
		for _, by := range []shift{lsl, lsr, asr, ror} {
			f(func(e *encoder) { e.logicShifted(w, op, d, n, m, by, 7) })
		}
	}
	for _, op := range []logic{and, orr, eor, ands} {
		for _, v := range []uint64{1, 0xff, 0xff00ff00ff00ff00, 0x8000000180000001, 0x5555555555555555, 0xfffffff8fffffff8} {
			mask, _ := bitmask(w, v)
			f(func(e *encoder) { e.logicRI(w, op, d, n, mask) })
		}
	}
}

func everyMemory(f func(emit func(e *encoder)), d, n, m reg) {
	for _, size := range []int{1, 2, 4, 8} {
		for _, a := range []access{accStore, accLoad, accLoadSX} {
			if a == accLoadSX && size == 8 {
				continue
			}
			f(func(e *encoder) { e.memScaled(a, size, d, n, 0) })
			f(func(e *encoder) { e.memScaled(a, size, d, sp, int32(size)*4095) })
			f(func(e *encoder) { e.memUnscaled(a, size, d, n, -256) })
			f(func(e *encoder) { e.memUnscaled(a, size, d, n, 255) })
			f(func(e *encoder) { e.memIndexed(a, size, d, n, m, false) })
			f(func(e *encoder) { e.memIndexed(a, size, d, n, m, true) })
		}
		f(func(e *encoder) { e.ldar(size, d, n) })
		f(func(e *encoder) { e.stlr(size, d, n) })
		f(func(e *encoder) { e.ldaxr(size, d, n) })
		f(func(e *encoder) { e.stlxr(size, m, d, n) })
		for _, op := range []lse{ldaddal, ldclral, ldeoral, ldsetal, swpal} {
			f(func(e *encoder) { e.lseRR(size, op, d, m, n) })
		}
		f(func(e *encoder) { e.casal(size, d, m, n) })
	}
	for _, off := range []int32{0, 16, -512, 504} {
		f(func(e *encoder) { e.pair(stp, d, m, n, off) })
		f(func(e *encoder) { e.pair(ldp, d, m, sp, off) })
		f(func(e *encoder) { e.pair(stpPre, d, m, sp, off) })
		f(func(e *encoder) { e.pair(ldpPost, d, m, sp, off) })
		f(func(e *encoder) { e.pair4(stp4, d, m, n, off/2) })
		f(func(e *encoder) { e.pair4(ldp4, d, m, sp, off/2) })
	}
	f(func(e *encoder) { e.strPre(d, sp, -16) })
	f(func(e *encoder) { e.ldrPost(d, sp, 16) })
}

// constants are such that need different moves.
var constants = []int64{
	0, 1, -1, 0xffff, 0x10000, 0xffff_ffff, 0xffff_0000, 0x1234_5678, -2, -65536, -65537, 1 << 31, -1 << 31, 1 << 32, -1 << 63,
	0x1234_5678_9abc_def0, -0x1234_5678_9abc_def1, 0x7fff_1234_5000, 0x5555_5555_5555_5555, 0xff00, -0x1234_0001, 0x1234_ffff_ffff,
	0x0001_ffff_ffff_ffff, 0x1234_0000_0000, -0x1234_0000_0001,
}

// everyConstant gives each instruction of each constant by itself.
func everyConstant(f func(emit func(e *encoder))) {
	for _, v := range constants {
		var all encoder
		all.movRI(x11, v)
		for i := 0; i < len(all.Code); i += 4 {
			f(func(e *encoder) { e.Byte(all.Code[i : i+4]...) })
		}
	}
}

// everyJump gives jumps to themselves, and the pairs of those that reach far.
func everyJump(f func(emit func(e *encoder))) {
	jump := func(g func(e *encoder, l emit.Label)) {
		f(func(e *encoder) {
			l := e.NewLabel()
			e.Bind(l)
			g(e, l)
			if err := e.link(); err != nil {
				panic(err)
			}
		})
	}
	for c := condEQ; c <= condLE; c++ {
		jump(func(e *encoder, l emit.Label) { e.bcond(c, l) })
	}
	for _, not := range []bool{false, true} {
		jump(func(e *encoder, l emit.Label) { e.cbz(false, not, x3, l) })
		jump(func(e *encoder, l emit.Label) { e.cbz(true, not, x21, l) })
		jump(func(e *encoder, l emit.Label) { e.tbz(not, x3, 5, l) })
		jump(func(e *encoder, l emit.Label) { e.tbz(not, x21, 63, l) })
	}
	jump(func(e *encoder, l emit.Label) { e.b(l) })
	jump(func(e *encoder, l emit.Label) { e.bl(l) })
	jump(func(e *encoder, l emit.Label) { e.adr(x9, l) })
	f(func(e *encoder) { e.ret() })
	f(func(e *encoder) { e.retR(x27) })
	f(func(e *encoder) { e.dmb() })
	f(func(e *encoder) { e.dmbLoads() })
	f(func(e *encoder) { e.nop() })
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
		if len(c) != 8 {
			t.Fatalf("%s is not one instruction", c)
		}
		for i := 0; i < len(c); i += 2 {
			fmt.Fprintf(&in, "0x%s ", c[i:i+2])
		}
		in.WriteString("\n")
	}
	cmd := exec.Command("llvm-mc-19", "--disassemble", "--triple=aarch64", "--mattr=+lse")
	cmd.Stdin = &in
	text, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	var out bytes.Buffer
	i := 0
	for line := range strings.Lines(string(text)) {
		line = strings.Join(strings.Fields(line), " ")
		if line == "" || line == ".text" {
			continue
		}
		if i < len(code) {
			fmt.Fprintf(&out, "%s\t%s\n", code[i], line)
		}
		i++
	}
	if i != len(code) || strings.Contains(string(text), "warning") {
		t.Fatalf("llvm-mc reads %d instructions in %d\n%s", i, len(code), text)
	}
	if err := os.WriteFile(golden, out.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// masks is every constant that bitwise operations of 64 bits can encode.
func masks() map[uint64]bool {
	all := map[uint64]bool{}
	for size := 2; size <= 64; size *= 2 {
		for ones := 1; ones < size; ones++ {
			for rot := range size {
				var v uint64
				for bit := range 64 {
					if (bit+rot)%size < ones {
						v |= 1 << bit
					}
				}
				all[v] = true
			}
		}
	}
	return all
}

// unmask is the constant that the fields of a bitwise operation stand for.
func unmask(w bool, word uint32) uint64 {
	immr, imms := uint(word>>16&0x3f), uint(word>>10&0x3f)
	size := uint(64)
	if word>>22&1 == 0 {
		for size = 32; imms&size != 0; size /= 2 {
		}
	}
	ones := imms&(size-1) + 1
	var v uint64
	for bit := range uint(64) {
		if (bit+immr)%size < ones {
			v |= 1 << bit
		}
	}
	if !w {
		v = uint64(uint32(v))
	}
	return v
}

// TestBitmasks demands every constant that can be encoded, and no other.
func TestBitmasks(t *testing.T) {
	t.Parallel()
	all := masks()
	if len(all) != 5334 {
		t.Fatalf("%d constants, the machine has 5334", len(all))
	}
	for v := range all {
		if word, ok := bitmask(true, v); !ok || unmask(true, word) != v {
			t.Errorf("%#x: %#x, %v", v, word, ok)
		}
		if v>>32 == uint64(uint32(v)) {
			if word, ok := bitmask(false, v); !ok || word>>22&1 != 0 || unmask(false, word) != uint64(uint32(v)) {
				t.Errorf("%#x, 32 bits: %#x, %v", v, word, ok)
			}
		}
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 100000 {
		v := r.Uint64() >> r.IntN(64) << r.IntN(64)
		if _, ok := bitmask(true, v); ok != all[v] {
			t.Errorf("%#x: %v", v, ok)
		}
		if _, ok := bitmask(false, v); ok != all[v&0xffff_ffff|v<<32] {
			t.Errorf("%#x, 32 bits: %v", v, ok)
		}
	}
}

// moved is what a sequence of moves leaves in a register.
func moved(t *testing.T, code []byte) (v uint64) {
	t.Helper()
	for i := 0; i < len(code); i += 4 {
		word := uint32(code[i]) | uint32(code[i+1])<<8 | uint32(code[i+2])<<16 | uint32(code[i+3])<<24
		part, at := uint64(word>>5&0xffff), word>>21&3*16
		switch wide(word & 0x7f80_0000) {
		case movz:
			v = part << at
		case movn:
			v = ^(part << at)
		case movk:
			v = v&^(0xffff<<at) | part<<at
		default:
			if word&0x7f80_0000 != 0x3200_0000 {
				t.Fatalf("%#x is no move", word)
			}
			v = unmask(word>>31 == 1, word)
		}
		if word>>31 == 0 {
			v = uint64(uint32(v))
		}
	}
	return v
}

func TestConstants(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	all := constants
	for range 100000 {
		v := r.Int64() >> r.IntN(64) << r.IntN(64)
		if r.IntN(2) == 0 {
			v ^= int64(0xffff) << (16 * r.IntN(4))
		}
		all = append(all, v, -v, int64(uint32(v)))
	}
	for _, v := range all {
		var e encoder
		e.movRI(x11, v)
		if got := moved(t, e.Code); got != uint64(v) || len(e.Code) > 16 {
			t.Errorf("%#x: %#x in %d bytes", uint64(v), got, len(e.Code))
		}
	}
}

// TestFarJumps demands that code beyond the reach of conditional jumps is
// refused, and that the long forms reach it.
func TestFarJumps(t *testing.T) {
	t.Parallel()
	for _, jump := range []func(e *encoder, l emit.Label){
		func(e *encoder, l emit.Label) { e.bcond(condHI, l) },
		func(e *encoder, l emit.Label) { e.cbz(true, false, x3, l) },
		func(e *encoder, l emit.Label) { e.cbz(false, true, x3, l) },
	} {
		for _, far := range []bool{false, true} {
			e := encoder{far: far}
			l := e.NewLabel()
			jump(&e, l)
			e.Byte(make([]byte, 1<<20)...)
			e.Bind(l)
			if err := e.link(); (err == nil) != far {
				t.Errorf("far %v: %v", far, err)
			}
			if far && (len(e.Code) != 1<<20+8 || e.Code[7] != 0x14) {
				t.Errorf("%x", e.Code[:8])
			}
		}
	}
}
