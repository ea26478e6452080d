package asm

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// parseErrors are texts that must be refused, with the place and a part of the
// message.
var parseErrors = []struct {
	src       string
	line, col int
	msg       string
}{
	{"r0 = 1", 1, 1, "instruction outside a program; begin one with \".program NAME section=xdp\""},
	{"\n  exit", 2, 3, "instruction outside a program"},
	{"a: exit", 1, 1, "label \"a\" outside a program"},
	{".program p section=xdp\n0: exit", 2, 1, "label \"0\" begins with a digit; leave slot numbers out"},
	{".func f", 1, 1, ".func outside a program"},
	{".progrm p section=xdp", 1, 1, "did you mean \".program\"?"},
	{".program", 1, 9, ".program needs a name"},
	{".program p", 1, 10, "neither section= nor type="},
	{".program p section=nothing", 1, 10, "means no program type; add type=NAME"},
	{".program p type=xpd", 1, 17, "unknown program type \"xpd\"; did you mean \"xdp\"?"},
	{".program p section=xdp size=3", 1, 24, "no attribute \"size\"; it takes section=, type="},
	{".program p section=xdp\nexit\n.program p section=xdp\nexit", 3, 10, "defined twice, first in line 1"},
	{".program p section=xdp", 1, 10, "has no instructions"},
	{".program p section=xdp\nexit\n.func f", 3, 7, "function \"f\" has no instructions"},
	{".program p section=xdp\nexit\n.func f\n.func g\nexit", 4, 7, "needs an instruction"},
	{".program p section=xdp\nr0 = r11\nexit", 2, 6, "registers are r0 to r10"},
	{".program p section=xdp\nr0 = 5 +\nexit", 2, 8, "unexpected \"+\""},
	{".program p section=xdp\n  goto donne\ndone: exit", 2, 8, "label \"donne\" is not defined in program \"p\"; did you mean \"done\"?"},
	{".program p section=xdp\na: a: exit", 2, 4, "label \"a\" is defined twice in this program, first in line 2"},
	{".program p section=xdp\ncall bpf_map_lookup\nexit", 2, 6, "a kernel function needs \".kfunc bpf_map_lookup\""},
	{".program p section=xdp\ncall bpf_map_lookup_elem#2\nexit", 2, 6, "helper 2 is bpf_map_update_elem, not \"bpf_map_lookup_elem\""},
	{".program p section=xdp\ncall f {off=1}\nexit", 2, 6, "add \".kfunc f\""},
	{".program p section=xdp\nr1 = map[nt] ll\nexit\n.map cnt array", 2, 10, "map \"nt\" is not defined; add a .map line; did you mean \"cnt\"?"},
	{".program p section=xdp\nr1 = ksym[jiffies] ll\nexit", 2, 11, "add \".ksym jiffies\""},
	{".program p section=xdp\ncall t\n.func t\nexit\n.func t\nexit", 2, 6, "several functions are called \"t\"; write pc+N"},
	{".program p section=xdp\n.use nope\nexit", 2, 6, "not defined above"},
	{".program p section=xdp\n.line \"x.c\" 1\nexit", 2, 14, ".line needs a column"},
	{".program p section=xdp\n.extern sym x\nexit", 2, 9, "expected \".extern ksym|typed|kfunc"},
	{".map m", 1, 7, "needs a type"},
	{".map m arry", 1, 8, "unknown map type \"arry\"; did you mean \"array\"?"},
	{".map m array keys=4", 1, 14, "no attribute \"keys\""},
	{".map m array key=99999999999", 1, 18, "not a number of 32 bits"},
	{".map m array flags=no_prealoc", 1, 20, "did you mean \"no_prealloc\"?"},
	{".map m array frosen", 1, 14, "unexpected \"frosen\""},
	{".map m array\n.map m hash", 2, 6, "map \"m\" is defined twice"},
	{".map m array_of_maps inner=n", 1, 28, "inner map \"n\" is not defined"},
	{".map m array_of_maps inner=m", 1, 28, "cannot hold itself"},
	{".inner n array", 1, 1, ".map line before it"},
	{".elem m u32 0 = u32 1", 1, 7, "not defined above"},
	{".map m array\n.elem m u32 0", 2, 14, "\"= VALUE\""},
	{".map m array\n.elem m u32 0 =", 2, 15, "needs a value"},
	{".map m array\n.elem m u32 0 = u8 256", 2, 20, "not a number of 8 bits"},
	{".map m array\n.elem m u32 0 = hex 0", 2, 21, "even number of hexadecimal digits"},
	{".map m array\n.elem m u32 0 = zero 4000000000", 2, 22, "zero bytes in all"},
	{".map m array\n.elem m u32 0 = 5 6", 2, 17, "expected data"},
	{".map m array\n.elem m u32 0 = prog", 2, 21, "needs the name of a program"},
	{".map m array\n.elem m u32 0 = map x", 2, 21, "map \"x\" is not defined"},
	{".var v off=1", 1, 6, "needs map=NAME"},
	{".license \"GPL", 1, 10, "not closed"},
	{".license GPL v2", 1, 14, "unexpected \"v2\""},
	{".endian middle", 1, 9, "expected little or big"},
	{".kfunc f\n.kfunc f", 2, 8, "declared twice"},
	{".ksym f\n.ksym f", 2, 7, "declared twice"},
	{".ksym f strong", 1, 9, "takes weak and id="},
	{".kfunc f id=x", 1, 13, "not a number of 32 bits"},
	{".kfunc", 1, 7, ".kfunc needs a name"},
	{".kconfig C ofs=1", 1, 12, "takes off=, size= and weak"},
	{".map m array\n.var v map=m of=1", 2, 14, "takes map=, off="},
	{".map m array\n.struct_ops m linked", 2, 15, "takes link and MEMBER=PROGRAM"},
	{".map m array\n.elem m u32 = 1", 2, 13, "not a number"},
	{".map m array\n.elem m u8 -129 = \"\"", 2, 12, "not a number of 8 bits"},
	{".program p section=xdp autoload=maybe", 1, 33, "yes or no"},
	{".program p section=xdp\nexit\n.func f local", 3, 9, "takes global and exception_callback"},
	{".program p section=xdp version=\"1\"", 1, 32, "not a number"},
	{".program p section=xdp x\"y\"", 1, 25, "put a blank before it"},
}

func TestErrorsNameThePlaceAndTheRemedy(t *testing.T) {
	t.Parallel()
	for _, c := range parseErrors {
		_, err := Parse("x.s", []byte(c.src))
		var e *Error
		if !errors.As(err, &e) {
			t.Errorf("%q: %v", c.src, err)
			continue
		}
		if want := fmt.Sprintf("x.s:%d:%d: %s", e.Line, e.Col, e.Msg); err.Error() != want {
			t.Errorf("prints as %q, want %q", err, want)
		}
		if e.File != "x.s" || e.Line != c.line || e.Col != c.col || !strings.Contains(e.Msg, c.msg) {
			t.Errorf("%q: %v; want %d:%d, %q", c.src, err, c.line, c.col, c.msg)
		}
	}
}
