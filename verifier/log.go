package verifier

import "fmt"

// logger keeps the log in the kernel's format. A nil logger keeps nothing.
type logger struct {
	level uint32
	buf   []byte
}

func (l *logger) printf(format string, args ...any) {
	if l != nil {
		l.buf = fmt.Appendf(l.buf, format, args...)
	}
}

// pos is the length of the log, for reset.
func (l *logger) pos() int {
	if l == nil {
		return 0
	}
	return len(l.buf)
}

// reset cuts the log to pos, as the kernel does at level 1 when a path ends
// without an error.
func (l *logger) reset(pos int) {
	if l != nil && l.level&2 == 0 {
		l.buf = l.buf[:pos]
	}
}
