package helper

import (
	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/internal/mem"
	"github.com/skepbpf/skep/internal/packet"
	"github.com/skepbpf/skep/vm"
)

var skbRows = []row{
	{abi.SKBLoadBytes, skbLoadBytes},
	{abi.SKBStoreBytes, skbStoreBytes},
	{abi.SKBPullData, skbPullData},
}

// skb is the packet of the run. Without one the run ends: who runs a packet
// program must set the context's Event.
func skb(c *vm.Context) *packet.SKB {
	s, ok := c.Event.(*packet.SKB)
	if !ok {
		c.Abort(errNoPacket)
	}
	return s
}

func skbLoadBytes(c *vm.Context, _, off, buf, n, _ uint64) uint64 {
	s := skb(c)
	if s == nil {
		return 0
	}
	return result(s.LoadBytes(uint32(off), mem.Addr(buf).Bytes(int(uint32(n)))))
}

// Flags of bpf_skb_store_bytes.
const (
	storeRecomputeCsum  = 1 // nothing to do: the packet carries no checksum beside it
	storeInvalidateHash = 2
)

func skbStoreBytes(c *vm.Context, _, off, buf, n, flags uint64) uint64 {
	s := skb(c)
	if s == nil {
		return 0
	}
	if flags&^(storeRecomputeCsum|storeInvalidateHash) != 0 {
		return abi.EINVAL.R0()
	}
	e := s.StoreBytes(uint32(off), mem.Addr(buf).Bytes(int(uint32(n))))
	if e == 0 && flags&storeInvalidateHash != 0 {
		s.ClearHash()
	}
	return result(e)
}

// skbPullData is bpf_skb_pull_data: a linear packet has all its bytes where
// they are wanted. Linux 6.18: more than there are is ENOMEM.
func skbPullData(c *vm.Context, _, n, _, _, _ uint64) uint64 {
	s := skb(c)
	if s == nil {
		return 0
	}
	if uint64(uint32(n)) > uint64(s.Len()) {
		return abi.ENOMEM.R0()
	}
	return 0
}
