package helper

import (
	"strconv"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/internal/mem"
	"github.com/skepbpf/skep/vm"
)

// formatter is one formatting of bpf_trace_printk, bpf_snprintf and their
// relatives. Linux 6.18: bpf_bprintf_prepare decides what is legal, and
// vsnprintf how it looks.
type formatter struct {
	c    *vm.Context
	text []byte // the format, without its NUL
	pos  int
	args []uint64
	out  []byte
	room int // bytes taken of those that the kernel has for the arguments
	err  abi.Errno
}

// maxRoom is the room that the kernel has for all arguments of a call, strings
// included. Linux 6.18: MAX_BPRINTF_BIN_ARGS. A string is cut to what is left,
// anything else that does not fit is ENOSPC.
const maxRoom = 512

// take takes n bytes of the room.
func (f *formatter) take(n int) bool {
	if maxRoom-f.room < n {
		f.err = abi.ENOSPC
		return false
	}
	f.room += n
	return true
}

// takeWord takes an aligned number of n bytes.
func (f *formatter) takeWord(n int) bool {
	f.room = (f.room + 3) &^ 3
	return f.take(n)
}

// spec is a conversion's flags and width.
type spec struct {
	minus, plus, space, zero bool
	width                    int
}

// format appends the formatted text to out. Illegal formats and too few
// arguments are EINVAL.
func format(c *vm.Context, out, text []byte, args []uint64) ([]byte, abi.Errno) {
	f := formatter{c: c, text: text, args: args, out: out}
	for f.pos < len(text) {
		ch := text[f.pos]
		if !isPrint(ch) && !isSpace(ch) {
			return out, abi.EINVAL
		}
		f.pos++
		if ch != '%' {
			f.out = append(f.out, ch)
			continue
		}
		if f.peek() == '%' {
			f.pos++
			f.out = append(f.out, '%')
			continue
		}
		if len(f.args) == 0 || !f.conversion() {
			if f.err != 0 {
				return out, f.err
			}
			return out, abi.EINVAL
		}
		f.args = f.args[1:]
	}
	return f.out, 0
}

// Classes of characters. Linux 6.18: those of Latin-1.

func isPrint(c byte) bool { return c >= ' ' && c < 0x7f || c >= 0xa0 }

func isAlnum(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' || c >= 0xc0 && c != 0xd7 && c != 0xf7
}

func isPunct(c byte) bool { return isPrint(c) && !isAlnum(c) && !isSpace(c) }

// peek is the next byte of the format, 0 at its end.
func (f *formatter) peek() byte { return f.ahead(0) }

func (f *formatter) ahead(n int) byte {
	if f.pos+n < len(f.text) {
		return f.text[f.pos+n]
	}
	return 0
}

// endsWord reports whether c may follow a conversion whose letters could go on.
func endsWord(c byte) bool { return c == 0 || isSpace(c) || isPunct(c) }

// conversion formats one argument.
func (f *formatter) conversion() bool {
	s := f.spec()
	arg := f.args[0]
	switch f.peek() {
	case 'p':
		f.pos++
		ok := f.pointer(s, arg)
		for isAlnum(f.peek()) { // vsnprintf takes them all for the conversion
			f.pos++
		}
		return ok
	case 's':
		f.pos++
		return f.str(s, arg)
	case 'c':
		f.pos++
		f.pad(s, []byte{byte(arg)})
		return f.take(1)
	}
	size := 4
	for range 2 {
		if f.peek() == 'l' {
			size = 8
			f.pos++
		}
	}
	return f.integer(s, arg, size)
}

// integer formats a number of 4 or 8 bytes.
func (f *formatter) integer(s spec, arg uint64, size int) bool {
	long := size == 8
	ch := f.peek()
	f.pos++
	switch ch {
	case 'd', 'i':
		if !long {
			arg = uint64(int64(int32(arg)))
		}
		f.signed(s, int64(arg))
	case 'u', 'x', 'X':
		if !long {
			arg = uint64(uint32(arg))
		}
		f.unsigned(s, arg, ch)
	default:
		return false
	}
	return f.takeWord(size)
}

// spec reads flags and width.
func (f *formatter) spec() (s spec) {
	for {
		switch f.peek() {
		case '0':
			s.zero = true
		case '+':
			s.plus = true
		case '-':
			s.minus = true
		case ' ':
			s.space = true
		default:
			for c := f.peek(); c >= '0' && c <= '9'; c = f.peek() {
				s.width = min(s.width*10+int(c-'0'), 1<<15)
				f.pos++
			}
			return s
		}
		f.pos++
	}
}

// pad appends text in its field, filled with blanks.
func (f *formatter) pad(s spec, text []byte) {
	n := s.width - len(text)
	if !s.minus {
		f.fill(' ', n)
	}
	f.out = append(f.out, text...)
	if s.minus {
		f.fill(' ', n)
	}
}

func (f *formatter) fill(c byte, n int) {
	for range max(n, 0) {
		f.out = append(f.out, c)
	}
}

func (f *formatter) signed(s spec, v int64) {
	var b [20]byte
	switch {
	case v < 0:
		f.digits(s, "-", strconv.AppendUint(b[:0], -uint64(v), 10))
	case s.plus:
		f.digits(s, "+", strconv.AppendUint(b[:0], uint64(v), 10))
	case s.space:
		f.digits(s, " ", strconv.AppendUint(b[:0], uint64(v), 10))
	default:
		f.digits(s, "", strconv.AppendUint(b[:0], uint64(v), 10))
	}
}

func (f *formatter) unsigned(s spec, v uint64, ch byte) {
	var b [20]byte
	switch ch {
	case 'u':
		f.digits(s, "", strconv.AppendUint(b[:0], v, 10))
	case 'x':
		f.digits(s, "", strconv.AppendUint(b[:0], v, 16))
	default:
		d := strconv.AppendUint(b[:0], v, 16)
		for i, c := range d {
			if c >= 'a' {
				d[i] = c - 'a' + 'A'
			}
		}
		f.digits(s, "", d)
	}
}

// digits appends a number in its field; zeros go between sign and digits.
func (f *formatter) digits(s spec, sign string, d []byte) {
	n := s.width - len(sign) - len(d)
	if !s.minus && !s.zero {
		f.fill(' ', n)
	}
	f.out = append(f.out, sign...)
	if !s.minus && s.zero {
		f.fill('0', n)
	}
	f.out = append(f.out, d...)
	if s.minus {
		f.fill(' ', n)
	}
}

// str formats a string, which may be anywhere; one that cannot be read is
// empty.
func (f *formatter) str(s spec, a uint64) bool {
	if !endsWord(f.peek()) {
		return false
	}
	left := maxRoom - f.room
	if left <= 0 {
		f.err = abi.ENOSPC
		return false
	}
	text := f.c.Text(left)
	n := readText(f.c, mem.Addr(a), text)
	if n < 0 {
		n = 1
	}
	f.room += n
	f.pad(s, text[:n-1])
	return true
}

// pointer formats what follows %p.
func (f *formatter) pointer(s spec, v uint64) bool {
	switch c := f.peek(); {
	case endsWord(c):
		return f.address(s, hashPointer(v))
	case (c == 'k' || c == 'u') && f.ahead(1) == 's':
		f.pos += 2
		if c == 'u' {
			v = noUserMemory
		}
		return f.str(s, v)
	case c == 'x':
		f.pos++
		return f.address(s, v)
	case c == 'K':
		f.pos++
		return f.address(s, hashPointer(v))
	case c == 's' || c == 'S' || c == 'B':
		f.pos++
		f.pad(s, strconv.AppendUint([]byte("0x"), v, 16))
		return f.takeWord(8)
	case (c == 'i' || c == 'I') && (f.ahead(1) == '4' || f.ahead(1) == '6'):
		six := f.ahead(1) == '6'
		f.pos += 2
		return f.ip(mem.Addr(v), six, c == 'i')
	}
	return false
}

// address formats a bare address: 16 hexadecimal digits if no width is given.
func (f *formatter) address(s spec, v uint64) bool {
	if s.width == 0 {
		s.width, s.zero = 16, true
	}
	f.unsigned(s, v, 'x')
	return f.takeWord(8)
}

// hashPointer hides an address as %p does: 32 bits that tell pointers apart.
// Linux 6.18: NULL and error pointers are shown as they are.
// Differs from Linux: %p hides an address by a hash without a secret, so that a
// run can be repeated.
func hashPointer(v uint64) uint64 {
	if v == 0 || v > ^uint64(4095) {
		return v
	}
	v ^= v >> 33
	v *= 0xff51afd7ed558ccd
	v ^= v >> 33
	v *= 0xc4ceb9fe1a85ec53
	return uint64(uint32(v ^ v>>33))
}

// ip formats an address of the Internet; one that cannot be read is zero.
// Linux 6.18: %pi4 has leading zeros, %pI6 all eight groups, %pi6 no colons,
// and none of them a width.
func (f *formatter) ip(a mem.Addr, six, bare bool) bool {
	var addr [16]byte
	n := 4
	if six {
		n = 16
	}
	if maxRoom-f.room < n {
		f.err = abi.ENOSPC
		return false
	}
	if f.c.Readable(a, n) {
		copy(addr[:n], a.Bytes(n))
	}
	var b [40]byte
	text := b[:0]
	for i, v := range addr[:n] {
		switch {
		case six:
			if i > 0 && i%2 == 0 && !bare {
				text = append(text, ':')
			}
			text = append(text, "0123456789abcdef"[v>>4], "0123456789abcdef"[v&15])
			continue
		case i > 0:
			text = append(text, '.')
		}
		if bare {
			text = append(text, '0'+v/100, '0'+v/10%10, '0'+v%10)
		} else {
			text = strconv.AppendUint(text, uint64(v), 10)
		}
	}
	f.out = append(f.out, text...)
	f.room += len(text) + 1 // it lies there as text
	return true
}
