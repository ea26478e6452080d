package asm

import (
	"bytes"
	"testing"
)

// FuzzParse must not panic; what it takes prints to a text that reads as the
// same text again.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"",
		".map m array key=4 value=8 entries=1\n.elem m u32 0 = u64 -1 \"a\" hex 00 zero 3",
		".endian big\n.map o hash_of_maps inner=o2\n.map o2 1\n.map x array_of_maps\n.inner \"\" hash key=1\n.elem o u8 1 = map o2",
		".map p prog_array\n.elem p u32 1 = prog f\n.program f section=xdp\nexit",
		".program p section=\"?tp/a/b\" autoload=yes tag=\"x\"\n.kfunc k weak id=3\n.ksym v\n.use\ncall k {off=2}\nr1 = ksym[v] ll\n.func g global\nL1: goto L1\n",
		".map m array section=.data frozen pin\n.var v map=m off=1 size=2 const\n.kconfig C off=0 size=4\n.struct_ops m link a=b",
		".program p type=xdp\n.line \"f.c\" 1 2 \"x\"\n.extern typed v weak\nr1 = map[m][3] ll\ngoto p\n.slot 0000000000000000 1111111111111111\nr1 = p ll\ncall bpf_map_lookup_elem\n.map m array",
	} {
		f.Add([]byte(s))
	}
	for _, c := range parseErrors {
		f.Add([]byte(c.src))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		c, err := Parse("f.s", src)
		if err != nil {
			if e, ok := err.(*Error); !ok || e.Line < 1 || e.Col < 1 || e.Msg == "" {
				t.Fatalf("error without its place: %#v", err)
			}
			return
		}
		text := Format(c)
		back, err := Parse("f.s", text)
		if err != nil {
			t.Fatalf("%v\nin\n%s", err, text)
		}
		if again := Format(back); !bytes.Equal(again, text) {
			t.Fatalf("prints as\n%s\nand then as\n%s", text, again)
		}
	})
}
