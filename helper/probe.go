package helper

import (
	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/internal/mem"
	"github.com/skepbpf/skep/vm"
)

var probeRows = []row{
	{abi.ProbeRead, probeRead},
	{abi.ProbeReadUser, probeReadUser},
	{abi.ProbeReadKernel, probeReadKernel},
	{abi.CopyFromUser, probeReadUser},
	{abi.ProbeReadStr, probeReadStr},
	{abi.ProbeReadUserStr, probeReadUserStr},
	{abi.ProbeReadKernelStr, probeReadKernelStr},
}

// The bodies below copy from addresses that the verifier knows nothing of. Only
// memory that skep lends to programs is there, and stands for the kernel's;
// elsewhere the destination becomes zero, as after a fault.

// noUserMemory stands for any address of a user process. The kernel's user
// reads find nothing at map values either.
// Differs from Linux: reads of user memory find nothing, because no program
// here runs on behalf of a process that could be read.
const noUserMemory = 0

// userEnd is where user addresses end. Linux 6.18: kernel reads refuse what is
// below with ERANGE, on amd64 up to here.
const userEnd = 1 << 47

// kernelFault is the error of a kernel read that finds nothing at src.
func kernelFault(src uint64) abi.Errno {
	if src < userEnd {
		return abi.ERANGE
	}
	return abi.EFAULT
}

func probeRead(c *vm.Context, dst, size, src, _, _ uint64) uint64 {
	return copyFrom(c, dst, size, src, abi.EFAULT)
}

func probeReadKernel(c *vm.Context, dst, size, src, _, _ uint64) uint64 {
	return copyFrom(c, dst, size, src, kernelFault(src))
}

func probeReadUser(c *vm.Context, dst, size, _, _, _ uint64) uint64 {
	return copyFrom(c, dst, size, noUserMemory, abi.EFAULT)
}

func copyFrom(c *vm.Context, dst, size, src uint64, fault abi.Errno) uint64 {
	d := mem.Addr(dst).Bytes(int(uint32(size)))
	if len(d) == 0 {
		return 0
	}
	if !c.Readable(mem.Addr(src), len(d)) {
		clear(d)
		return fault.R0()
	}
	copy(d, mem.Addr(src).Bytes(len(d)))
	return 0
}

func probeReadStr(c *vm.Context, dst, size, src, _, _ uint64) uint64 {
	return copyText(c, dst, size, src, abi.EFAULT)
}

func probeReadKernelStr(c *vm.Context, dst, size, src, _, _ uint64) uint64 {
	return copyText(c, dst, size, src, kernelFault(src))
}

func probeReadUserStr(c *vm.Context, dst, size, _, _, _ uint64) uint64 {
	return copyText(c, dst, size, noUserMemory, abi.EFAULT)
}

// copyText copies a string with its NUL, cut to size, and is its length with
// the NUL.
func copyText(c *vm.Context, dst, size, src uint64, fault abi.Errno) uint64 {
	d := mem.Addr(dst).Bytes(int(uint32(size)))
	if len(d) == 0 {
		return 0
	}
	n := readText(c, mem.Addr(src), d)
	if n < 0 {
		clear(d)
		return fault.R0()
	}
	return uint64(n)
}

// readText copies the string at a into d, NUL included, cut if it must be. It
// is the length with the NUL, -1 if the string cannot be read.
func readText(c *vm.Context, a mem.Addr, d []byte) int {
	all := c.Readable(a, len(d))
	for i := range d {
		at := a + mem.Addr(i)
		if !all && !c.Readable(at, 1) {
			return -1
		}
		d[i] = *at.U8()
		if d[i] == 0 {
			return i + 1
		}
	}
	d[len(d)-1] = 0
	return len(d)
}
