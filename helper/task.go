package helper

import (
	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/internal/mem"
	"github.com/skepbpf/skep/vm"
)

var taskRows = []row{
	{abi.GetCurrentPIDTGID, func(c *vm.Context, _, _, _, _, _ uint64) uint64 {
		t := c.Host.Task()
		return uint64(t.TGID)<<32 | uint64(t.PID)
	}},
	{abi.GetCurrentUIDGID, func(c *vm.Context, _, _, _, _, _ uint64) uint64 {
		t := c.Host.Task()
		return uint64(t.GID)<<32 | uint64(t.UID)
	}},
	{abi.GetCurrentCgroupID, func(c *vm.Context, _, _, _, _, _ uint64) uint64 { return c.Host.Task().CgroupID }},
	{abi.GetCurrentComm, currentComm},
}

// currentComm writes the task's name, cut to the buffer and padded with zeros.
func currentComm(c *vm.Context, buf, size, _, _, _ uint64) uint64 {
	t := c.Host.Task()
	b := mem.Addr(buf).Bytes(int(uint32(size)))
	name := t.Comm[:]
	for i, ch := range name {
		if ch == 0 {
			name = name[:i]
			break
		}
	}
	clear(b)
	if len(b) > 0 {
		copy(b[:len(b)-1], name)
	}
	return 0
}
