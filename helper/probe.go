package helper

import (
	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/internal/mem"
	"github.com/skepbpf/skep/vm"
)

var probeRows = []row{
	{abi.ProbeRead, probeRead},
	{abi.ProbeReadUser, probeRead},
	{abi.ProbeReadKernel, probeRead},
	{abi.CopyFromUser, probeRead},
	{abi.ProbeReadStr, probeReadStr},
	{abi.ProbeReadUserStr, probeReadStr},
	{abi.ProbeReadKernelStr, probeReadStr},
}

// probeRead copies from an address that the verifier knows nothing of. Only
// memory that skep lends to programs is there; elsewhere it is EFAULT, and the
// destination zero, as after a fault in the kernel.
func probeRead(c *vm.Context, dst, size, src, _, _ uint64) uint64 {
	d := mem.Addr(dst).Bytes(int(uint32(size)))
	if len(d) == 0 {
		return 0
	}
	if !c.Readable(mem.Addr(src), len(d)) {
		clear(d)
		return abi.EFAULT.R0()
	}
	copy(d, mem.Addr(src).Bytes(len(d)))
	return 0
}

// probeReadStr copies a string with its NUL, cut to size, and is its length
// with the NUL.
func probeReadStr(c *vm.Context, dst, size, src, _, _ uint64) uint64 {
	d := mem.Addr(dst).Bytes(int(uint32(size)))
	if len(d) == 0 {
		return 0
	}
	n := readText(c, mem.Addr(src), d)
	if n < 0 {
		clear(d)
		return abi.EFAULT.R0()
	}
	return uint64(n)
}

// readText copies the string at a into d, NUL included, cut if it must be. It
// is the length with the NUL, -1 if the string cannot be read.
func readText(c *vm.Context, a mem.Addr, d []byte) int {
	for i := range d {
		if !c.Readable(a+mem.Addr(i), 1) {
			return -1
		}
		d[i] = *(a + mem.Addr(i)).U8()
		if d[i] == 0 {
			return i + 1
		}
	}
	d[len(d)-1] = 0
	return len(d)
}
