package verifier

import (
	"bytes"
	"fmt"
	"slices"
)

// defaultLogSize is what a log is bounded to where Options do not say, in bytes.
const defaultLogSize = 64 << 20

// logTail is a text of which the end is kept. Linux 6.18: a log that outgrows
// its buffer loses its beginning, where the reason is rarely found.
type logTail struct {
	buf     []byte
	dropped int // bytes before buf
	limit   int // of what is kept, 0 for none
}

// end is the position behind what was written, counted from the first byte that
// ever was.
func (t *logTail) end() int { return t.dropped + len(t.buf) }

// bound drops what is too old.
func (t *logTail) bound() {
	if t.limit == 0 || len(t.buf) <= t.limit/2 {
		return
	}
	// One step instead of several that overshoot.
	most := t.limit + t.limit/4 + 1
	if len(t.buf) <= most {
		t.buf = slices.Grow(t.buf, most-len(t.buf))
		return
	}
	old := len(t.buf) - t.limit
	t.buf = t.buf[:copy(t.buf, t.buf[old:])]
	t.dropped += old
}

// cutTo takes back what is behind pos. What was dropped before it stays lost.
func (t *logTail) cutTo(pos int) {
	if pos < t.dropped {
		t.buf, t.dropped = t.buf[:0], pos
		return
	}
	t.buf = t.buf[:pos-t.dropped]
}

// text is what is kept: all, or whole lines from the end behind one that says
// how much is missing.
func (t *logTail) text() string {
	if t.dropped == 0 && (t.limit == 0 || len(t.buf) <= t.limit) {
		return string(t.buf)
	}
	keep := t.buf
	if room := max(t.limit-len(cutLine(t.end())), 0); len(keep) > room {
		keep = keep[len(keep)-room:]
	}
	// The first line may have lost its beginning.
	if i := bytes.IndexByte(keep, '\n'); i >= 0 {
		keep = keep[i+1:]
	}
	return cutLine(t.end()-len(keep)) + string(keep)
}

func cutLine(n int) string { return fmt.Sprintf("[the first %d bytes of the log are cut]\n", n) }
