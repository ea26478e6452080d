package helper

import (
	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/vm"
)

var cpuRows = []row{
	{abi.GetPrandomU32, func(c *vm.Context, _, _, _, _, _ uint64) uint64 { return uint64(c.Host.Rand(c.CPU)) }},
	{abi.GetSmpProcessorID, func(c *vm.Context, _, _, _, _, _ uint64) uint64 { return uint64(c.CPU) }},
	{abi.GetNUMANodeID, func(c *vm.Context, _, _, _, _, _ uint64) uint64 {
		return uint64(int64(c.Host.NUMANode(c.CPU)))
	}},
}
