package skep

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"

	"github.com/skepbpf/skep/internal/mem"
	"github.com/skepbpf/skep/vm"
)

// perfMap is the file in which perf looks for the names of code that a process
// has made: a line a program, its address, size and name. Lines stay when their
// program is closed, because perf reads the file at the end; they go when other
// code takes the place.
type perfMap struct {
	mu    sync.Mutex
	f     *os.File
	lines []perfLine
}

type perfLine struct {
	addr mem.Addr
	size int
	name string
}

// processMap is the process's file, made when first wanted. It stays behind for
// perf report.
var processMap = sync.OnceValues(func() (*perfMap, error) {
	if runtime.GOOS != "linux" {
		return nil, &UnsupportedError{What: "a perf map on " + runtime.GOOS}
	}
	name := perfMapName()
	// One that an earlier process of the number has left is of no use; nothing
	// that another user has put there is followed.
	if err := os.Remove(name); err != nil && !os.IsNotExist(err) {
		return nil, fmt.Errorf("perf map: %w", err)
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return nil, fmt.Errorf("perf map: %w", err)
	}
	return &perfMap{f: f}, nil
})

// perfMapName is where perf looks.
func perfMapName() string { return fmt.Sprintf("/tmp/perf-%d.map", os.Getpid()) }

// placed is code of an engine that lies at an address.
type placed interface {
	Region() (addr mem.Addr, size int)
}

// add names a program's code, if it has any.
func (m *perfMap) add(p *vm.Program) error {
	code, ok := p.Code().(placed)
	if !ok {
		return nil
	}
	n := perfLine{name: "bpf_prog_" + p.Image().Name}
	n.addr, n.size = code.Region()
	m.mu.Lock()
	defer m.mu.Unlock()
	kept := m.lines[:0]
	for _, l := range m.lines {
		if l.addr+mem.Addr(l.size) <= n.addr || n.addr+mem.Addr(n.size) <= l.addr {
			kept = append(kept, l)
		}
	}
	again := len(kept) < len(m.lines)
	m.lines = append(kept, n)
	out := m.lines[len(m.lines)-1:]
	if again {
		out = m.lines
		if err := m.f.Truncate(0); err != nil {
			return fmt.Errorf("perf map: %w", err)
		}
		if _, err := m.f.Seek(0, 0); err != nil {
			return fmt.Errorf("perf map: %w", err)
		}
	}
	var b strings.Builder
	for _, l := range out {
		fmt.Fprintf(&b, "%x %x %s\n", uint64(l.addr), l.size, l.name)
	}
	if _, err := m.f.WriteString(b.String()); err != nil {
		return fmt.Errorf("perf map: %w", err)
	}
	return nil
}
