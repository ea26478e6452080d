package helper_test

import (
	"fmt"
	"strings"
)

// liveCase is a program that Linux has run.
type liveCase struct {
	name  string
	body  string // leaves its result in r0
	text  string // constant string
	kfunc string // that the body calls
	in    []byte // io from 8 on
}

func liveCases() []liveCase {
	var all []liveCase
	for _, f := range []func() []liveCase{csumCases, numberCases, compareCases, formatCases, xdpCases, probeCases, stringCases, dynptrCases} {
		all = append(all, f()...)
	}
	return all
}

func csumCases() (cases []liveCase) {
	in := make([]byte, 128)
	for i := range in {
		in[i] = byte(i*37 + 11)
	}
	high := []byte(strings.Repeat("\xff", 128))
	for _, seed := range []uint32{0, 1, 0xffff, 0x8000_0000, 0xffff_ffff, 0x1234_5678} {
		for _, from := range []int{0, 4, 16, 64} {
			for _, to := range []int{0, 4, 20, 64} {
				for i, data := range [][]byte{in, high} {
					cases = append(cases, liveCase{
						name: fmt.Sprintf("csum_diff from %d to %d seed %#x data %d", from, to, seed, i),
						in:   data,
						body: fmt.Sprintf(`
    r1 = map[io][8] ll
    r2 = %d
    r3 = map[io][72] ll
    r4 = %d
    w5 = %d
    call bpf_csum_diff`, from, to, int32(seed)),
					})
				}
			}
		}
	}
	for _, sizes := range [][2]int{{3, 4}, {4, 6}} {
		cases = append(cases, liveCase{
			name: fmt.Sprintf("csum_diff from %d to %d is no multiple of 4", sizes[0], sizes[1]), in: in,
			body: fmt.Sprintf("    r1 = map[io][8] ll\n    r2 = %d\n    r3 = map[io][72] ll\n    r4 = %d\n    r5 = 0\n    call bpf_csum_diff", sizes[0], sizes[1]),
		})
	}
	return cases
}

func numberCases() (cases []liveCase) {
	texts := []string{
		"0", "7", "-1", "+1", "42 ", "  42", "\t\n 8x", "0x1f", "0X1F", "0x", "0xg", "010", "08", "-0x10", "- 1", "--1", "", " ", "x",
		"9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809",
		"18446744073709551615", "18446744073709551616", "99999999999999999999999",
		"0000000000000000000000000000000000000000000000000000000000000000000000012",
		"                                                                        5", "ff", "\xa07", "1_0", "0x8000000000000000",
	}
	for _, call := range []string{"strtol", "strtoul"} {
		for _, text := range texts {
			for _, flags := range []int{0, 8, 10, 16} {
				cases = append(cases, numberCase(call, text, flags))
			}
		}
		for _, flags := range []int{2, 32, 42, 64} {
			cases = append(cases, numberCase(call, "1", flags))
		}
	}
	return cases
}

func numberCase(call, text string, flags int) liveCase {
	size := max(len(text), 1)
	return liveCase{
		name: fmt.Sprintf("%s %q flags %d", call, text, flags), in: append(make([]byte, 16), text...),
		body: fmt.Sprintf(`
    *(u64 *)(r10 -8) = 0x7777
    r1 = map[io][24] ll
    r2 = %d
    r3 = %d
    r4 = r10
    r4 += -8
    call bpf_%s
    r7 = *(u64 *)(r10 -8)
    r1 = map[io][8] ll
    *(u64 *)(r1 +0) = r7`, size, flags, call),
	}
}

func compareCases() (cases []liveCase) {
	for _, c := range []struct {
		a, b string
		n    int
	}{
		{"abc", "abc", 4}, {"abc", "abd", 4}, {"abd", "abc", 4}, {"abc", "abd", 2}, {"", "", 1}, {"", "a", 4},
		{"a", "", 4}, {"\xff", "\x01", 4}, {"abc\x00x", "abc\x00y", 5},
	} {
		cases = append(cases, liveCase{
			name: fmt.Sprintf("strncmp %q %q %d", c.a, c.b, c.n), text: c.b, in: append([]byte(c.a), make([]byte, 8)...),
			body: fmt.Sprintf("    r1 = map[io][8] ll\n    r2 = %d\n    r3 = map[text][0] ll\n    call bpf_strncmp", c.n),
		})
	}
	return cases
}

func formatCases() (cases []liveCase) {
	values := []int64{0, 1, -1, 42, -42, 255, 0x1234_5678_9abc_def0 & 0x7fff_ffff_ffff_ffff, -0x8000_0000, 1 << 40}
	for _, f := range []string{
		"%d", "%i", "%u", "%x", "%X", "%ld", "%lld", "%lu", "%llu", "%lx", "%llx", "%lX", "%li",
		"%5d|", "%-5d|", "%05d|", "%+d", "% d", "%+u", "%08x", "%-08x|", "%+05d", "% 05d", "%20lld|", "%020lld|", "%c", "%3c|", "%-3c|", "%03c|",
		"%px", "%20px|", "%-20px|", "%5px|",
	} {
		for _, v := range values {
			cases = append(cases, formatCase(f, fmt.Sprintf("r1 = %d ll", v)))
		}
	}
	str := "r1 = map[io][200] ll"
	for _, f := range []string{
		"%s", "[%s]", "%8s|", "%-8s|", "%08s|", "%s.", "%s\n", "%pks", "%pus", "%pks|",
		"%pI4", "%pi4", "%pI6", "%pi6", "%pI4|", "%pI6 %%", "%20pI4|", "%-20pI4|", "%8pks|",
	} {
		cases = append(cases, formatCase(f, str))
	}
	for _, f := range []string{
		"", "plain", "%%", "100%%", "%", "%5", "%z", "%f", "%o", "%sx", "%s1", "%lc", "%ls", "%pI5", "%pM", "%p5", "%lllx", "%hd", "%*d", "%.3d", "%#x",
		"%d%d", "%d", "\x01", "\x7f", "tab\there", "\xc3\xa9", "%s\x01", "%pI4x", "%pxy", "%pks1", "%d%", "%-", "%l", "%p",
	} {
		// The verifier looks at formats of bpf_snprintf, but not at these.
		cases = append(cases, liveCase{
			name: fmt.Sprintf("trace_printk %q", f), text: f,
			body: fmt.Sprintf("    r1 = map[text][0] ll\n    r2 = %d\n    r3 = 0\n    r4 = 0\n    r5 = 0\n    call bpf_trace_printk", len(f)+1),
		})
	}
	cases = append(cases,
		formatCase("%s", "r1 = 0x1000"), formatCase("%pI4", "r1 = 0"), formatCase("%pI6", "r1 = 0x10"), formatCase("%p", "r1 = 0"),
		formatCase("%p|", "r1 = -4"), formatCase("%pK", "r1 = 0"),
		liveCase{
			name: "snprintf cut to 4 bytes", text: "abcdefgh",
			body: "    r1 = map[io][8] ll\n    r2 = 4\n    r3 = map[text][0] ll\n    r4 = 0\n    r5 = 0\n    call bpf_snprintf",
		},
		liveCase{
			name: "snprintf into nothing", text: "abcdefgh",
			body: "    r1 = 0\n    r2 = 0\n    r3 = map[text][0] ll\n    r4 = 0\n    r5 = 0\n    call bpf_snprintf",
		},
		liveCase{
			name: "snprintf with 12 arguments", text: "%d %d %d %d %d %d %d %d %d %d %d %d", in: []byte(strings.Repeat("\x05\x00\x00\x00\x00\x00\x00\x00", 24)),
			body: "    r1 = map[io][8] ll\n    r2 = 64\n    r3 = map[text][0] ll\n    r4 = map[io][80] ll\n    r5 = 96\n    call bpf_snprintf",
		},
		liveCase{
			name: "snprintf with 13 arguments", text: "%d",
			body: "    r1 = map[io][8] ll\n    r2 = 64\n    r3 = map[text][0] ll\n    r4 = map[io][80] ll\n    r5 = 104\n    call bpf_snprintf",
		},
		longStrings("%s%s", 2), longStrings("%s%s%s", 3), longStrings("%s%s%s%s", 4), longStrings("%s%s%px%s", 3), longStrings("%s%px%s%pI6%s%px", 3),
		longStrings("%s%s%s%px", 3), longStrings("%s%s%s%pI4", 3), longStrings("%s%s%c%s", 3), longStrings("%s%s%s%c", 3),
		liveCase{
			name: "trace_printk gives the length", text: "",
			body: "    *(u64 *)(r10 -8) = 0x000a6425\n    r1 = r10\n    r1 += -8\n    r2 = 8\n    r3 = 12345\n    r4 = 0\n    r5 = 0\n    call bpf_trace_printk",
		},
		liveCase{
			name: "trace_printk without a NUL", text: "",
			body: "    *(u64 *)(r10 -8) = 0x000a6425\n    r1 = r10\n    r1 += -8\n    r2 = 3\n    r3 = 12345\n    r4 = 0\n    r5 = 0\n    call bpf_trace_printk",
		},
	)
	return cases
}

// formatCase formats one argument, which load puts into r1. A string and an
// address for it lie at io[200].
func formatCase(f, load string) liveCase {
	in := make([]byte, 220)
	copy(in[192:], "hello, w\x7f\x80rld!\x00")
	return liveCase{
		name: fmt.Sprintf("snprintf %q of %s", f, load), text: f, in: in,
		body: fmt.Sprintf(`
    %s
    *(u64 *)(r10 -8) = r1
    r1 = map[io][8] ll
    r2 = 64
    r3 = map[text][0] ll
    r4 = r10
    r4 += -8
    r5 = 8
    call bpf_snprintf`, load),
	}
}

func xdpCases() (cases []liveCase) {
	one := func(call string, n int) liveCase {
		return liveCase{
			name: fmt.Sprintf("%s by %d", call, n),
			body: fmt.Sprintf("    r1 = r6\n    r2 = %d\n    call bpf_xdp_%s", n, call),
		}
	}
	for _, n := range []int{0, 1, 14, 49, 50, 51, 64, -1, -14, -215, -216, -217, -256, 1 << 20, -1 << 20} {
		cases = append(cases, one("adjust_head", n))
	}
	for _, n := range []int{0, 1, 100, -49, -50, -51, -64, 3000, 3455, 3456, 3457, 4096, 1 << 20, -1 << 20} {
		cases = append(cases, one("adjust_tail", n))
	}
	for _, n := range []int{0, 4, -4, -3, -32, -36, -128, -216, -220, -252, -256, 1 << 20} {
		cases = append(cases, one("adjust_meta", n))
	}
	cases = append(cases,
		liveCase{name: "adjust_meta, then head", body: `
    r1 = r6
    r2 = -8
    call bpf_xdp_adjust_meta
    r7 = r0
    r1 = r6
    r2 = -208
    call bpf_xdp_adjust_head
    r8 = r0
    r1 = r6
    r2 = -209
    call bpf_xdp_adjust_head
    r0 <<= 16
    r0 ^= r8
    r0 <<= 16
    r0 ^= r7`},
		liveCase{name: "get_buff_len", body: "    r1 = r6\n    call bpf_xdp_get_buff_len"},
		liveCase{name: "redirect with flags", body: "    r1 = 1\n    r2 = 1\n    call bpf_redirect"},
		liveCase{name: "redirect", body: "    r1 = 1\n    r2 = 0\n    call bpf_redirect"},
	)
	for _, c := range [][2]int{{0, 8}, {60, 4}, {60, 5}, {64, 1}, {0xffff, 4}, {0x10000, 4}, {-1, 4}, {63, 1}} {
		cases = append(cases, liveCase{
			name: fmt.Sprintf("load_bytes %d at %d", c[1], c[0]),
			body: fmt.Sprintf("    r1 = r6\n    r2 = %d\n    r3 = map[io][8] ll\n    r4 = %d\n    call bpf_xdp_load_bytes", c[0], c[1]),
		}, liveCase{
			name: fmt.Sprintf("store_bytes %d at %d", c[1], c[0]), in: []byte("abcdefgh"),
			body: fmt.Sprintf("    r1 = r6\n    r2 = %d\n    r3 = map[io][8] ll\n    r4 = %d\n    call bpf_xdp_store_bytes", c[0], c[1]),
		})
	}
	return cases
}

func probeCases() (cases []liveCase) {
	in := []byte(strings.Repeat("\xee", 192) + "hello\x00world\x00and more of it")
	for _, call := range []string{"probe_read_kernel", "probe_read_user", "probe_read_kernel_str", "probe_read_user_str"} {
		for _, n := range []int{1, 5, 6, 7, 20} {
			for _, from := range []string{"map[io][200] ll", "0", "16"} {
				cases = append(cases, liveCase{
					name: fmt.Sprintf("%s of %d from %s", call, n, from), in: in,
					body: fmt.Sprintf("    r1 = map[io][8] ll\n    r2 = %d\n    r3 = %s\n    call bpf_%s", n, from, call),
				})
			}
		}
	}
	return cases
}

// stringCases call the kfuncs for strings. One string is at io[8], the other
// at io[100].
func stringCases() (cases []liveCase) {
	one := func(name, a, b, r1, r2, r3 string) {
		in := make([]byte, 240)
		copy(in, a)
		copy(in[92:], b)
		cases = append(cases, liveCase{
			name: fmt.Sprintf("%s %q %q %s %s %s", name, a, b, r1, r2, r3), kfunc: "bpf_" + name, in: in,
			body: fmt.Sprintf("    r1 = %s\n    r2 = %s\n    r3 = %s\n    call bpf_%s\n    r0 <<= 32\n    r0 s>>= 32", r1, r2, r3, name),
		})
	}
	const a, b = "map[io][8] ll", "map[io][100] ll"
	texts := [][2]string{
		{"hello", "hello"}, {"hello", "help"}, {"help", "hello"}, {"hello", ""}, {"", ""}, {"", "x"}, {"HeLLo", "hEllO"},
		{"hello world", "o w"}, {"hello", "lo"}, {"hello", "hello!"}, {"aaab", "ab"}, {"\xc4x", "\xe4x"}, {"l", "hello"},
	}
	for _, t := range texts {
		for _, f := range []string{"strcmp", "strcasecmp", "strspn", "strcspn", "strstr"} {
			one(f, t[0], t[1], a, b, "0")
		}
		for n := range 8 {
			one("strnstr", t[0], t[1], a, b, fmt.Sprint(n))
		}
	}
	for _, t := range []string{"", "hello", "l"} {
		one("strlen", t, "", a, "0", "0")
		for _, ch := range []string{"108", "0", "122"} {
			one("strchr", t, "", a, ch, "0")
			one("strchrnul", t, "", a, ch, "0")
			one("strrchr", t, "", a, ch, "0")
			for n := range 7 {
				one("strnchr", t, "", a, fmt.Sprint(n), ch)
			}
		}
		for n := range 7 {
			one("strnlen", t, "", a, fmt.Sprint(n), "0")
		}
	}
	for _, bad := range []string{"0", "16"} {
		one("strlen", "", "", bad, "0", "0")
		one("strcmp", "x", "", a, bad, "0")
		one("strstr", "x", "", a, bad, "0")
		one("strspn", "x", "", a, bad, "0")
		one("strchr", "", "", bad, "0", "0")
	}
	return cases
}

// dynptrCases work on a dynptr of 32 bytes at io[8]; it lies at r10-16.
func dynptrCases() (cases []liveCase) {
	const wrap = `
    r1 = map[io][8] ll
    r2 = 32
    r3 = 0
    r4 = r10
    r4 += -16
    call bpf_dynptr_from_mem
`
	in := []byte(strings.Repeat("abcdefgh", 8))
	for _, c := range [][3]int{{0, 8, 0}, {24, 8, 0}, {25, 8, 0}, {32, 1, 0}, {0, 8, 1}, {-1, 1, 0}} {
		cases = append(cases, liveCase{
			name: fmt.Sprintf("dynptr_read %d at %d flags %d", c[1], c[0], c[2]), in: in,
			body: wrap + fmt.Sprintf("    r1 = map[io][200] ll\n    r2 = %d\n    r3 = r10\n    r3 += -16\n    r4 = %d\n    r5 = %d\n    call bpf_dynptr_read", c[1], c[0], c[2]),
		}, liveCase{
			name: fmt.Sprintf("dynptr_write %d at %d flags %d", c[1], c[0], c[2]), in: in,
			body: wrap + fmt.Sprintf("    r1 = r10\n    r1 += -16\n    r2 = %d\n    r3 = map[io][200] ll\n    r4 = %d\n    r5 = %d\n    call bpf_dynptr_write", c[0], c[1], c[2]),
		})
	}
	for _, c := range [][2]int{{0, 32}, {8, 16}, {16, 8}, {0, 33}, {33, 33}, {32, 32}} {
		cases = append(cases, liveCase{
			name: fmt.Sprintf("dynptr_adjust from %d to %d", c[0], c[1]), in: in, kfunc: "bpf_dynptr_adjust",
			body: wrap + fmt.Sprintf("    r1 = r10\n    r1 += -16\n    r2 = %d\n    r3 = %d\n    call bpf_dynptr_adjust\n    r7 = r0\n"+
				"    r1 = map[io][200] ll\n    r2 = 8\n    r3 = r10\n    r3 += -16\n    r4 = 4\n    r5 = 0\n    call bpf_dynptr_read\n    r0 <<= 32\n    r7 <<= 32\n    r7 >>= 32\n    r0 |= r7", c[0], c[1]),
		})
	}
	return cases
}

// longStrings formats a string of 180 bytes several times, more than the room
// that Linux has for all strings of a call.
func longStrings(f string, n int) liveCase {
	in := make([]byte, 248)
	copy(in[48:], strings.Repeat("0123456789", 18))
	args := ""
	for i := range 6 {
		args += fmt.Sprintf("    *(u64 *)(r10 %d) = r1\n", 8*i-48)
	}
	return liveCase{
		name: fmt.Sprintf("snprintf %q of %d long strings", f, n), text: f, in: in,
		body: "    r1 = map[io][56] ll\n" + args + fmt.Sprintf(`
    r1 = map[io][8] ll
    r2 = 40
    r3 = map[text][0] ll
    r4 = r10
    r4 += -48
    r5 = %d
    call bpf_snprintf`, 8*strings.Count(f, "%")),
	}
}
