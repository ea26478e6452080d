package host

import (
	"bytes"
	"fmt"
	"io"
	"sync"
	"time"
)

// sink writes trace lines, one at a time.
type sink struct {
	mu  sync.Mutex
	w   io.Writer
	buf bytes.Buffer
}

func newSink(w io.Writer) *sink {
	if w == nil {
		return nil
	}
	return &sink{w: w}
}

// write writes a line as Linux's trace_pipe shows it: task, CPU, flags, time,
// function, text.
func (s *sink) write(t Task, cpu int, ns uint64, line []byte) {
	name, _, _ := bytes.Cut(t.Comm[:], []byte{0})
	s.mu.Lock()
	defer s.mu.Unlock()
	s.buf.Reset()
	sec := uint64(time.Second)
	fmt.Fprintf(&s.buf, "%16s-%-7d [%03d] ...11 %5d.%06d: bpf_trace_printk: ", name, t.PID, cpu, ns/sec, ns%sec/1000)
	s.buf.Write(line)
	s.buf.WriteByte('\n')
	// A program cannot be told that nobody reads its trace.
	_, _ = s.w.Write(s.buf.Bytes())
}
