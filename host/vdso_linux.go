package host

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"os"
	"runtime"
	"sync"
)

// clockCode is the address of the function by which C programs read clocks
// without a system call, 0 if it is not found. Linux puts it into each process
// as a part of an ELF image, the vDSO.
var clockCode = sync.OnceValue(func() uint64 {
	if runtime.GOARCH != "amd64" {
		return 0 // the runtime finds its goroutine by registers that C code changes
	}
	base := auxValue(33) // AT_SYSINFO_EHDR
	m, err := os.Open("/proc/self/mem")
	if base == 0 || err != nil {
		return 0
	}
	defer func() { _ = m.Close() }() // was only read
	image := make([]byte, 64<<10)
	n, _ := m.ReadAt(image, int64(base)) // the image is shorter
	f, err := elf.NewFile(bytes.NewReader(image[:n]))
	if err != nil {
		return 0
	}
	symbols, err := f.DynamicSymbols()
	if err != nil {
		return 0
	}
	for _, s := range symbols {
		if s.Name == "__vdso_clock_gettime" && s.Value != 0 && s.Value < uint64(n) {
			return base + s.Value
		}
	}
	return 0
})

// auxValue is an entry of what Linux hands to a process with its arguments.
func auxValue(tag uint64) uint64 {
	v, err := os.ReadFile("/proc/self/auxv")
	if err != nil {
		return 0
	}
	for ; len(v) >= 16; v = v[16:] {
		if binary.NativeEndian.Uint64(v) == tag {
			return binary.NativeEndian.Uint64(v[8:])
		}
	}
	return 0
}
