package main

import (
	"strings"
	"testing"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/isa"
)

// A map load at 1, a call of a function at 5, and the function.
const twoFuncs = "code " +
	"b701000000000000" + "1811000000000000" + "0000000000000000" + "8510000001000000" + "9500000000000000" + "b700000000000000" + "9500000000000000"

func TestReadTests(t *testing.T) {
	t.Parallel()
	ps, err := readTests(strings.NewReader("test 7 6 0 2 calls: it's a \"test\"\nattach there\nmap 1 map_in_map\n" + twoFuncs + "\nend\n" +
		"test 8 1 0 16 hole\nend\ntest 9 1 0 16 \nkfunc 0 bpf_f\ncode 85200000000000009500000000000000\nend\n"))
	if err != nil {
		t.Fatal(err)
	}
	if len(ps) != 2 {
		t.Fatalf("%d programs: tests without code are none", len(ps))
	}
	p := ps[0]
	if p.Name != "t007_calls_it_s_a_test" || p.Type != abi.XDP || p.Flags != abi.StrictAlignment || p.AttachTo != "there" || p.Err != nil {
		t.Errorf("name %q, type %v, flags %#x, attach %q, error %v", p.Name, p.Type, p.Flags, p.AttachTo, p.Err)
	}
	if len(p.Funcs) != 2 || p.Funcs[1].Start != 5 || p.Funcs[1].Global {
		t.Errorf("functions %v", p.Funcs)
	}
	if in := p.Insns[1]; in.Src() != isa.PseudoMapIdx || in.Imm != 0 || len(p.Maps) != 1 || p.Maps[0].Inner == nil {
		t.Errorf("the map is %v, its load %v", p.Maps, in)
	}
	q := ps[1]
	if q.Name != "t009_" && q.Name != "t009" || q.Flags != abi.Sleepable || len(q.Kfuncs) != 1 || q.Insns[0].Imm != 0 || len(q.Extern) != 1 {
		t.Errorf("name %q, flags %#x, kfuncs %v", q.Name, q.Flags, q.Kfuncs)
	}
}

func TestBrokenTests(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, text, want string }{
		{"lines begin with a test", "code 00\n", `line 1: "code" at the wrong place`},
		{"tests do not nest", "test 1 1 0 0 x\ntest 2 1 0 0 x\n", `line 2: "test" at the wrong place`},
		{"a test ends", "test 1 1 0 0 x\n", "no end"},
		{"a test has numbers", "test x\n", "line 1: test: "},
		{"words are known", "test 1 1 0 0 x\nfix 00\n", `line 2: "fix" is not known`},
		{"code is hex", "test 1 1 0 0 x\ncode zz\n", "line 2: code: "},
		{"code is whole instructions", "test 1 1 0 0 x\ncode 0011\n", "line 2: "},
		{"types are BTF", "test 1 1 0 0 x\nbtf 0011\n", "line 2: "},
		{"a map has a place", "test 1 1 0 0 x\nmap here\n", "line 2: map: "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := readTests(strings.NewReader(tt.text))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
}

func TestTestsThatNoImageHolds(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, lines, want string }{
		{"a map is loaded", "map 0 map_hash_8b\ncode 9500000000000000\n", "insn 0: is no load of a map"},
		{"a map is known", "map 1 map_of_tomorrow\n" + twoFuncs + "\n", `map "map_of_tomorrow": is not known`},
		{"a map with a lock has types", "map 1 map_spin_lock\n" + twoFuncs + "\n", `map "map_spin_lock": its types are missing`},
		{"a kernel function is called", "kfunc 9 f\ncode 9500000000000000\n", "insn 9: is no call"},
		{"a function's type has a function", "func 0300000001000000\ncode 9500000000000000\n", "a type for slot 3"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			ps, err := readTests(strings.NewReader("test 1 1 0 0 x\n" + tt.lines + "end\n"))
			if err != nil || len(ps) != 1 {
				t.Fatalf("%d programs, error %v", len(ps), err)
			}
			if ps[0].Err == nil || !strings.Contains(ps[0].Err.Error(), tt.want) {
				t.Errorf("error %v, want %q", ps[0].Err, tt.want)
			}
		})
	}
}

func FuzzReadTests(f *testing.F) {
	f.Add("test 7 6 0 2 calls\nattach there\nmap 1 map_in_map\n" + twoFuncs + "\nend\n")
	f.Add("test 1 1 0 0 x\nfunc 0300000001000000\nbtf 9feb01\ncode 9500000000000000\nend\n")
	f.Fuzz(func(t *testing.T, s string) {
		ps, err := readTests(strings.NewReader(s))
		if err == nil {
			for _, p := range ps {
				if p.Err == nil && (len(p.Insns) == 0 || len(p.Funcs) == 0 || p.Funcs[0].Start != 0) {
					t.Errorf("a program without code or entry: %v", p)
				}
			}
		}
	})
}
