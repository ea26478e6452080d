package helper

import (
	"math/bits"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/internal/mem"
	"github.com/skepbpf/skep/vm"
)

var textRows = []row{
	{abi.Strtol, strtol},
	{abi.Strtoul, strtoul},
	{abi.Strncmp, strncmp},
}

// number is what a text begins with.
type number struct {
	negative bool
	value    uint64
	length   int // bytes read, blanks and prefix included
	errno    abi.Errno
}

// maxNumber is how much of a text is looked at.
const maxNumber = 63

// parseNumber reads blanks, a sign, a prefix and digits. Linux 6.18: the base
// is in the low five bits of the flags, 0 meaning by prefix; other flags are
// EINVAL.
func parseNumber(b []byte, flags uint64) (n number) {
	base := flags & 0x1f
	if flags != base || base != 0 && base != 8 && base != 10 && base != 16 || len(b) == 0 {
		n.errno = abi.EINVAL
		return n
	}
	i := 0
	for i < len(b) && isSpace(b[i]) {
		i++
	}
	if i < len(b) && b[i] == '-' {
		n.negative = true
		i++
	}
	if len(b)-i > maxNumber {
		b = b[:i+maxNumber]
	}
	base, i = prefix(b, i, base)
	start := i
	overflow := false
	for ; i < len(b); i++ {
		d := digit(b[i])
		if d >= base {
			break
		}
		hi, lo := bits.Mul64(n.value, base)
		sum, carry := bits.Add64(lo, d, 0)
		overflow = overflow || hi != 0 || carry != 0
		n.value = sum
	}
	switch {
	case i == start:
		n.errno = abi.EINVAL
	case overflow:
		n.errno = abi.ERANGE
	}
	n.length = i
	return n
}

// prefix finds the base by a 0x or 0 and steps over 0x.
func prefix(b []byte, i int, base uint64) (uint64, int) {
	hex := i+2 < len(b) && b[i] == '0' && b[i+1]|0x20 == 'x' && digit(b[i+2]) < 16
	if base == 0 {
		switch {
		case hex:
			base = 16
		case i < len(b) && b[i] == '0':
			base = 8
		default:
			base = 10
		}
	}
	if base == 16 && i+1 < len(b) && b[i] == '0' && b[i+1]|0x20 == 'x' {
		i += 2
	}
	return base, i
}

func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' || c == 0xa0 }

// digit is the value of a digit, above all bases for other bytes.
func digit(c byte) uint64 {
	switch {
	case c >= '0' && c <= '9':
		return uint64(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'z':
		return uint64(c|0x20-'a') + 10
	}
	return 99
}

func strtol(_ *vm.Context, buf, size, flags, res, _ uint64) uint64 {
	out := mem.Addr(res).U64()
	*out = 0
	n := parseNumber(mem.Addr(buf).Bytes(int(size)), flags)
	v := int64(n.value)
	if n.negative {
		v = -v
	}
	switch {
	case n.errno != 0:
		return n.errno.R0()
	case n.negative && v > 0, !n.negative && v < 0:
		return abi.ERANGE.R0()
	}
	*out = uint64(v)
	return uint64(n.length)
}

func strtoul(_ *vm.Context, buf, size, flags, res, _ uint64) uint64 {
	out := mem.Addr(res).U64()
	*out = 0
	n := parseNumber(mem.Addr(buf).Bytes(int(size)), flags)
	switch {
	case n.errno != 0:
		return n.errno.R0()
	case n.negative:
		return abi.EINVAL.R0()
	}
	*out = n.value
	return uint64(n.length)
}

// strncmp compares up to size bytes of two strings: -1, 0 or 1.
func strncmp(_ *vm.Context, s1, size, s2, _, _ uint64) uint64 {
	for i := range mem.Addr(uint32(size)) {
		a, b := *(mem.Addr(s1) + i).U8(), *(mem.Addr(s2) + i).U8()
		switch {
		case a < b:
			return ^uint64(0)
		case a > b:
			return 1
		case a == 0:
			return 0
		}
	}
	return 0
}
