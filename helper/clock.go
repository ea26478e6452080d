package helper

import (
	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/host"
	"github.com/skepbpf/skep/vm"
)

var clockRows = []row{
	{abi.KtimeGetNS, clock(host.Monotonic)},
	{abi.KtimeGetBootNS, clock(host.Boot)},
	{abi.KtimeGetCoarseNS, clock(host.Coarse)},
	{abi.KtimeGetTAINS, clock(host.TAI)},
	{abi.Jiffies64, func(c *vm.Context, _, _, _, _, _ uint64) uint64 { return c.Host.Jiffies() }},
}

func clock(k host.Clock) vm.HelperFunc {
	return func(c *vm.Context, _, _, _, _, _ uint64) uint64 { return c.Host.Now(k) }
}
