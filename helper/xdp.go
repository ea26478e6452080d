package helper

import (
	"errors"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/internal/mem"
	"github.com/skepbpf/skep/internal/packet"
	"github.com/skepbpf/skep/vm"
)

var xdpRows = []row{
	{abi.XDPAdjustHead, xdpAdjust((*packet.XDP).AdjustHead)},
	{abi.XDPAdjustTail, xdpAdjust((*packet.XDP).AdjustTail)},
	{abi.XDPAdjustMeta, xdpAdjust((*packet.XDP).AdjustMeta)},
	{abi.XDPGetBuffLen, xdpBuffLen},
	{abi.XDPLoadBytes, xdpLoadBytes},
	{abi.XDPStoreBytes, xdpStoreBytes},
}

var errNoPacket = errors.New("helper for packets in a run without one")

// xdp is the packet of the run. Without one the run ends: who runs a packet
// program must set the context's Event.
func xdp(c *vm.Context) *packet.XDP {
	x, ok := c.Event.(*packet.XDP)
	if !ok {
		c.Abort(errNoPacket)
	}
	return x
}

func xdpAdjust(f func(*packet.XDP, int32) abi.Errno) vm.HelperFunc {
	return func(c *vm.Context, _, delta, _, _, _ uint64) uint64 {
		x := xdp(c)
		if x == nil {
			return 0
		}
		return result(f(x, int32(delta)))
	}
}

func xdpBuffLen(c *vm.Context, _, _, _, _, _ uint64) uint64 {
	x := xdp(c)
	if x == nil {
		return 0
	}
	return uint64(x.Len())
}

func xdpLoadBytes(c *vm.Context, _, off, buf, n, _ uint64) uint64 {
	x := xdp(c)
	if x == nil {
		return 0
	}
	return result(x.LoadBytes(uint32(off), mem.Addr(buf).Bytes(int(uint32(n)))))
}

func xdpStoreBytes(c *vm.Context, _, off, buf, n, _ uint64) uint64 {
	x := xdp(c)
	if x == nil {
		return 0
	}
	return result(x.StoreBytes(uint32(off), mem.Addr(buf).Bytes(int(uint32(n)))))
}
