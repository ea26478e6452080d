package isa

import (
	"errors"
	"strings"
	"testing"
)

// parseErrors are texts that must be refused, with the column and a part of
// the message.
var parseErrors = []struct {
	text string
	col  int
	msg  string
}{
	{"r11 = 1", 1, "registers are r0 to r10"},
	{"r0 = r50", 6, "registers are r0 to r10"},
	{"r0 += w1", 7, "different widths"},
	{"r0 = 2147483648", 6, "write it in hexadecimal or negative"},
	{"w0 = 0x100000000", 6, "needs \"rN = ... ll\""},
	{"r0 = 0x80000000", 6, "would be extended to 0xffffffff80000000"},
	{"r0 = -2147483649", 6, "does not fit 32 bits"},
	{"r0 = 0x11223344556677889900 ll", 6, "more than 64 bits"},
	{"w0 = 5 ll", 1, "needs a 64-bit register"},
	{"r0 = 010", 6, "begins with 0"},
	{"r0 = 12abc", 6, "not a number"},
	{"r0 = *(u8 *)(r1 +0x10000)", 17, "does not fit 16 bits"},
	{"r0 = *(u8 *)r1", 13, "expected \"(\""},
	{"r0 = *(u9 *)(r1 +0)", 8, "expected a type"},
	{"r0 = *(s64 *)(r1 +0)", 8, "s8, s16 or s32"},
	{"w0 = *(s8 *)(r1 +0)", 8, "into a 64-bit register"},
	{"w0 = *(u64 *)(r1 +0)", 1, "w0 has 32 bits, the access 64"},
	{"*(s8 *)(r1 +0) = 1", 3, "for loads only"},
	{"*(u64 *)(r1 +0) = w2", 19, "w2 has 32 bits"},
	{"*(u8 *)(w1 +0) = r2", 9, "expected a 64-bit one, r1"},
	{"lock", 5, "expected \"*\""},
	{"lock *(u8 *)(r1 +0) += r2", 8, "u32 or u64"},
	{"lock *(u64 *)(r1 +0) -= r2", 22, "+=, |=, &= or ^="},
	{"lock or [r10-8]", 6, "expected \"*\""},
	{"r1 = atomic64_fetch_add((u64 *)(r2 +0), r3)", 41, "returns in the register it takes"},
	{"r1 = atomic64_fetch_add((u32 *)(r2 +0), r1)", 26, "works on u64"},
	{"r1 = atomic64_fetch_sub((u64 *)(r2 +0), r1)", 6, "unknown function"},
	{"r1 = atomic64_cmpxchg((u64 *)(r2 +0), r1, r3)", 39, "with r0"},
	{"store_release((s8 *)(r1 +0), r2)", 16, "for loads only"},
	{"if r1 = 5 goto pc+1", 7, "expected a comparison"},
	{"if r1 == w2 goto pc+1", 10, "different widths"},
	{"if r1 == 5 goto 3", 17, "expected a label"},
	{"if r1 == 5 goto pc+40000", 17, "does not fit 16 bits"},
	{"if r1 == 5", 11, "expected \"goto\""},
	{"goto nowhere", 6, "no label \"nowhere\""},
	{"goto", 5, "expected a label"},
	{"call bpf_map_lookup_elem", 6, "write its number"},
	{"call", 5, "expected a helper"},
	{"callx w1", 7, "expected a 64-bit one"},
	{"r1 = -r2", 7, "works in place"},
	{"r1 = be16 r2", 11, "work in place"},
	{"r1 = be17 r1", 6, "unknown value"},
	{"r1 = (s64)r2", 7, "expected s8, s16"},
	{"w1 = (s32)w2", 7, "for 64-bit registers"},
	{"r1 = addr_space_cast(r2, 1, 1)", 26, "from space 0 to 1"},
	{"r1 = map[counts] ll", 10, "name \"counts\""},
	{"w1 = map[fd:3] ll", 1, "needs a 64-bit register"},
	{"r1 = map[fd:3][-1] ll", 16, "does not fit 32 bits"},
	{"r1 = label", 6, "ends with \"ll\""},
	{"r3 = *(u8 *)skb[14]", 1, "into r0"},
	{"r0 = *(u64 *)skb[14]", 1, "into r0"},
	{"exit 1", 6, "unexpected \"1\""},
	{"exit {imm=1}", 7, "expected \"off\""},
	{"mov32 %r0, 1", 7, "unexpected character '%'"},
	{"ldxb r0, r1", 1, "unknown instruction"},
	{"r0 =", 5, "expected a value"},
	{"r0", 3, "expected an operator"},
	{"r0 = \"x", 6, "not closed"},
	{".slot 00", 6, "16 hexadecimal digits"},
	{".slot", 6, "16 hexadecimal digits"},
	{"ld_pseudo r1, 7, 5", 1, "src 7 has no meaning"},
	{"ld_pseudo r1, 1, 0x100000000", 1, "reserved and must be zero"},
	{"", 1, "no instruction"},
	{"; a comment", 1, "no instruction"},
}

func TestBadTextIsRefusedWithItsPlace(t *testing.T) {
	t.Parallel()
	for _, c := range parseErrors {
		got, err := Parse(c.text)
		var e *SyntaxError
		if !errors.As(err, &e) {
			t.Errorf("%q reads as %+v, %v", c.text, got, err)
			continue
		}
		if e.Col != c.col || !strings.Contains(e.Msg, c.msg) {
			t.Errorf("%q: %v; want column %d, %q", c.text, err, c.col, c.msg)
		}
	}
}

func TestSpellingsOfOneInstruction(t *testing.T) {
	t.Parallel()
	for _, same := range [][]string{
		{"r1 = 5", "r1=5", " r1  =  0x5 ", "r1 = +5 ; comment", "r1 = 0b101 // comment", "r1 = 5 # comment"},
		{"if r1 > 0x5 goto pc+3", "if r1 > 5 goto +3", "if r1 > 0x5 goto +0x3 <foo+0x10>"},
		{"if r1 > 0xffffffff goto pc-3", "if r1 > -1 goto -3"},
		{"r1 = 0x5 ll", "r1 = 5 ll", "r1 = 5 ll // x"},
		{"r1 = 0xffffffffffffffff ll", "r1 = -1 ll", "r1 = -0x1 ll"},
		{"r1 = *(u64 *)(r10 -8)", "r1 = *(u64 *)(r10 - 8)", "r1 = *(u64*)(r10-0x8)"},
		{"r1 = *(u32 *)(r2 +0)", "w1 = *(u32 *)(r2 + 0)", "r1 = *(u32 *)(r2)"},
		{"*(u8 *)(r1 +4) = r2", "*(u8 *)(r1 + 0x4) = w2"},
		{"r0 = *(u8 *)skb[r1 + 0]", "r0 = *(u8 *)skb[r1]"},
		{"r0 = *(u8 *)skb[r1 + -2]", "r0 = *(u8 *)skb[r1 - 2]"},
		{"r2 = atomic64_fetch_add((u64 *)(r1 +0), r2)", "r2 = atomic_fetch_add((u64 *)(r1 + 0x0), r2)"},
		{"r2 = atomic_xchg((u32 *)(r1 +0), r2)", "w2 = xchg32_32(r1 + 0x0, w2)"},
		{"r0 = atomic64_cmpxchg((u64 *)(r1 +0), r0, r2)", "r0 = cmpxchg_64(r1 + 0x0, r0, r2)"},
		{"call 1", "call 0x1", "call unknown#1", "call bpf_map_lookup_elem#1"},
		{"call kfunc#7", "call kernel-function#7"},
		{"r1 = map[fd:5] ll", "r1 = map[fd:5]", "ld_pseudo r1, 0x1, 0x5"},
		{"exit", "exit {off=0}"},
	} {
		want, err := Parse(same[0])
		if err != nil {
			t.Error(err)
			continue
		}
		hi := Insn{}
		if len(want) == 2 {
			hi = want[1]
		}
		if got := Format(want[0], hi); got != same[0] {
			t.Errorf("%q prints as %q", same[0], got)
		}
		for _, s := range same[1:] {
			if got, err := Parse(s); err != nil || !equal(got, want) {
				t.Errorf("%q reads as %+v, %v; want %q", s, got, err, same[0])
			}
		}
	}
}

func TestListingResolvesLabels(t *testing.T) {
	t.Parallel()
	got, err := ParseListing(`
		r0 = 0
	loop: again:
		r0 += 1
		if r0 < 10 goto loop
		r1 = f ll
		call f
		gotol end
		may_goto again
	end:	exit
	f:	exit`)
	if err != nil {
		t.Fatal(err)
	}
	want := []Insn{
		New(0xb7, 0, 0, 0, 0),
		New(0x07, 0, 0, 0, 1),
		New(0xa5, 0, 0, -2, 10),
		New(LdImm64, 1, PseudoFunc, 0, 5), {},
		New(CallOp, 0, CallLocal, 0, 3),
		New(0x06, 0, 0, 0, 1),
		New(0xe5, 0, 0, -7, 0),
		New(ExitOp, 0, 0, 0, 0),
		New(ExitOp, 0, 0, 0, 0),
	}
	if !equal(got, want) {
		t.Errorf("got %v", got)
	}
}

func TestBadListings(t *testing.T) {
	t.Parallel()
	far := "a: exit\n" + strings.Repeat("r0 = 0\n", 40000)
	for _, c := range []struct{ src, want string }{
		{"ja NOT_A_LABEL\nexit", "line 1, column 1: unknown instruction \"ja\""},
		{"exit\ngoto b", "line 2, column 6: no label \"b\""},
		{"a: exit\na: exit", "line 2, column 1: label \"a\" is defined twice"},
		{"0: exit\n5: exit", "line 2, column 1: slot 5 stands where slot 1 is expected"},
		{far + "goto a", "use gotol"},
		{far + "if r0 == 0 goto a", "jump over a gotol"},
		{far + "if w0 == 0 goto a", "jump over a gotol"},
	} {
		_, err := ParseListing(c.src)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.40q: %v; want %q", c.src, err, c.want)
		}
	}
	if got, err := ParseListing(far + "gotol a"); err != nil || got[40001].Imm != -40002 {
		t.Errorf("gotol: %v", err)
	}
}
