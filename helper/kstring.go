package helper

import (
	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/internal/mem"
	"github.com/skepbpf/skep/vm"
)

var stringKrows = []krow{
	{"bpf_strcmp", strCompare(false)},
	{"bpf_strcasecmp", strCompare(true)},
	{"bpf_strlen", func(c *vm.Context, s, _, _, _, _ uint64) uint64 { return strLen(c, s, maxString) }},
	{"bpf_strnlen", func(c *vm.Context, s, n, _, _, _ uint64) uint64 { return strNLen(c, s, n) }},
	{"bpf_strchr", func(c *vm.Context, s, ch, _, _, _ uint64) uint64 { return strFind(c, s, maxString, byte(ch), false) }},
	{"bpf_strnchr", func(c *vm.Context, s, n, ch, _, _ uint64) uint64 { return strFind(c, s, n, byte(ch), false) }},
	{"bpf_strchrnul", func(c *vm.Context, s, ch, _, _, _ uint64) uint64 { return strFind(c, s, maxString, byte(ch), true) }},
	{"bpf_strrchr", strLast},
	{"bpf_strspn", strSpan(true)},
	{"bpf_strcspn", strSpan(false)},
	{"bpf_strstr", func(c *vm.Context, s, part, _, _, _ uint64) uint64 { return strIn(c, s, part, maxString) }},
	{"bpf_strnstr", func(c *vm.Context, s, part, n, _, _ uint64) uint64 { return strIn(c, s, part, n) }},
}

// maxString bounds the strings here. Linux 6.18: XATTR_SIZE_MAX; longer ones
// are E2BIG.
const maxString = 65536

// chars reads a string that may lie anywhere, byte by byte.
type chars struct {
	c    *vm.Context
	base mem.Addr
	err  abi.Errno // of the first byte that cannot be read
}

// at is byte i. Where it cannot be read it is 0, and err is set.
func (s *chars) at(i uint64) byte {
	a := s.base + mem.Addr(i)
	if !s.c.Readable(a, 1) {
		s.err = kernelFault(uint64(a))
		return 0
	}
	return *a.U8()
}

func stringAt(c *vm.Context, a uint64) *chars { return &chars{c: c, base: mem.Addr(a)} }

func lower(b byte) byte {
	if b >= 'A' && b <= 'Z' || b >= 0xc0 && b <= 0xde && b != 0xd7 {
		return b + 0x20
	}
	return b
}

// strCompare is -1, 0 or 1.
func strCompare(fold bool) vm.HelperFunc {
	return func(c *vm.Context, s1, s2, _, _, _ uint64) uint64 {
		a, b := stringAt(c, s1), stringAt(c, s2)
		for i := uint64(0); i < maxString; i++ {
			x, y := a.at(i), b.at(i)
			if e := max(a.err, b.err); e != 0 {
				return e.R0()
			}
			if fold {
				x, y = lower(x), lower(y)
			}
			switch {
			case x < y:
				return ^uint64(0)
			case x > y:
				return 1
			case x == 0:
				return 0
			}
		}
		return abi.E2BIG.R0()
	}
}

// strLen is the length of a string of less than n bytes.
func strLen(c *vm.Context, s, n uint64) uint64 {
	t := stringAt(c, s)
	for i := uint64(0); i < n; i++ {
		if t.at(i) == 0 {
			if t.err != 0 {
				return t.err.R0()
			}
			return i
		}
	}
	return abi.E2BIG.R0()
}

// strNLen is the length of a string, n if it is longer.
func strNLen(c *vm.Context, s, n uint64) uint64 {
	t := stringAt(c, s)
	for i := uint64(0); i < min(n, maxString); i++ {
		if t.at(i) == 0 {
			if t.err != 0 {
				return t.err.R0()
			}
			return i
		}
	}
	if n <= maxString {
		return n
	}
	return abi.E2BIG.R0()
}

// strFind is the index of ch among the first n bytes. At the end of the string
// it is ENOENT, or with orEnd the index of the end.
func strFind(c *vm.Context, s, n uint64, ch byte, orEnd bool) uint64 {
	t := stringAt(c, s)
	for i := uint64(0); i < min(n, maxString); i++ {
		b := t.at(i)
		switch {
		case t.err != 0:
			return t.err.R0()
		case b == ch, b == 0 && orEnd:
			return i
		case b == 0:
			return abi.ENOENT.R0()
		}
	}
	if n <= maxString && !orEnd && n != maxString {
		return abi.ENOENT.R0()
	}
	return abi.E2BIG.R0()
}

// strLast is the index of the last ch.
func strLast(c *vm.Context, s, ch, _, _, _ uint64) uint64 {
	t := stringAt(c, s)
	last := abi.ENOENT.R0()
	for i := uint64(0); i < maxString; i++ {
		b := t.at(i)
		if t.err != 0 {
			return t.err.R0()
		}
		if b == byte(ch) {
			last = i
		}
		if b == 0 {
			return last
		}
	}
	return abi.E2BIG.R0()
}

// strSpan is the length of the part at the start whose bytes are all in set,
// or all not in it.
func strSpan(in bool) vm.HelperFunc {
	return func(c *vm.Context, s, set, _, _, _ uint64) uint64 {
		t, u := stringAt(c, s), stringAt(c, set)
		for i := uint64(0); i < maxString; i++ {
			b := t.at(i)
			if t.err != 0 {
				return t.err.R0()
			}
			if b == 0 {
				return i
			}
			found := false
			for j := uint64(0); j < maxString; j++ {
				v := u.at(j)
				if u.err != 0 {
					return u.err.R0()
				}
				if v == b {
					found = true
				}
				if v == 0 || found {
					break
				}
			}
			if found != in {
				return i
			}
		}
		return abi.E2BIG.R0()
	}
}

// strIn is the index of part within the first n bytes of s.
func strIn(c *vm.Context, s, part, n uint64) uint64 {
	t, u := stringAt(c, s), stringAt(c, part)
	if u.at(0) == 0 {
		if u.err != 0 {
			return u.err.R0()
		}
		return 0
	}
	for i := uint64(0); i < min(n, maxString); i++ {
		for j := uint64(0); ; j++ {
			want := u.at(j)
			if u.err != 0 {
				return u.err.R0()
			}
			if want == 0 {
				return i
			}
			if i+j >= n {
				return abi.ENOENT.R0()
			}
			got := t.at(i + j)
			if t.err != 0 {
				return t.err.R0()
			}
			if got == 0 {
				return abi.ENOENT.R0()
			}
			if got != want {
				break
			}
			if j >= maxString {
				return abi.E2BIG.R0()
			}
		}
	}
	if n <= maxString && n != maxString {
		return abi.ENOENT.R0()
	}
	return abi.E2BIG.R0()
}
