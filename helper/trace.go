package helper

import (
	"bytes"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/internal/mem"
	"github.com/skepbpf/skep/vm"
)

var traceRows = []row{
	{abi.TracePrintk, tracePrintk},
	{abi.TraceVprintk, traceVprintk},
	{abi.Snprintf, snprintf},
}

// maxText is the length of the longest trace line with its NUL.
const maxText = 1024

// maxVarargs is MAX_BPRINTF_VARARGS.
const maxVarargs = 12

// formatText is the format at a, which ends with a NUL within size bytes.
func formatText(a, size uint64) ([]byte, bool) {
	b := mem.Addr(a).Bytes(int(uint32(size)))
	n := bytes.IndexByte(b, 0)
	if n < 0 {
		return nil, false
	}
	return b[:n], true
}

// emit formats and hands the line to the host. Linux 6.18: a line has at most
// 1023 bytes, but the result is the length it would have had.
func emit(c *vm.Context, text []byte, args []uint64) uint64 {
	out, err := format(c, c.Line(), text, args)
	if err != 0 {
		return err.R0()
	}
	c.KeepLine(out)
	line := out[:min(len(out), maxText-1)]
	c.Host.Trace(c.CPU, bytes.TrimSuffix(line, []byte{'\n'}))
	return uint64(len(out))
}

func tracePrintk(c *vm.Context, fmt, size, r3, r4, r5 uint64) uint64 {
	text, ok := formatText(fmt, size)
	if !ok {
		return abi.EINVAL.R0()
	}
	args := [3]uint64{r3, r4, r5}
	return emit(c, text, args[:])
}

// varargs are the arguments of the forms that take an array.
func varargs(data, size uint64, to *[maxVarargs]uint64) ([]uint64, abi.Errno) {
	n := uint32(size)
	if n%8 != 0 || n > maxVarargs*8 || n > 0 && data == 0 {
		return nil, abi.EINVAL
	}
	for i := range n / 8 {
		to[i] = *(mem.Addr(data) + mem.Addr(i)*8).U64()
	}
	return to[:n/8], 0
}

func traceVprintk(c *vm.Context, fmt, size, data, dataSize, _ uint64) uint64 {
	var room [maxVarargs]uint64
	args, err := varargs(data, dataSize, &room)
	if err != 0 {
		return err.R0()
	}
	text, ok := formatText(fmt, size)
	if !ok {
		return abi.EINVAL.R0()
	}
	return emit(c, text, args)
}

// snprintf writes the text with a NUL, cut to size, and is the length it needs
// with the NUL.
func snprintf(c *vm.Context, str, size, fmt, data, dataSize uint64) uint64 {
	var room [maxVarargs]uint64
	args, err := varargs(data, dataSize, &room)
	if err != 0 {
		return err.R0()
	}
	out, err := format(c, c.Line(), cString(mem.Addr(fmt)), args)
	if err != 0 {
		return err.R0()
	}
	c.KeepLine(out)
	if n := int(uint32(size)); n > 0 {
		dst := mem.Addr(str).Bytes(n)
		dst[copy(dst[:n-1], out)] = 0
	}
	return uint64(len(out)) + 1
}

// cString is the text at a up to its NUL, which the verifier has seen.
func cString(a mem.Addr) []byte {
	n := 0
	for *(a + mem.Addr(n)).U8() != 0 {
		n++
	}
	return a.Bytes(n)
}
