package packet

import (
	"encoding/binary"
	"fmt"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/internal/mem"
	"github.com/skepbpf/skep/vm/ir"
)

// SKB is a packet as programs with a struct __sk_buff see it: linear, without
// a socket. One goroutine uses it at a time.
type SKB struct {
	memory []byte
	ctx    mem.Addr // native context block
	mac    mem.Addr // first byte of the Ethernet header
	data   mem.Addr // first byte that the program sees
	end    mem.Addr
	room   int

	// Target is what the program asked for by bpf_redirect. It means something
	// if the verdict is TC_ACT_REDIRECT.
	Target Redirect
}

// Offsets in struct __sk_buff of what a packet sets.
const (
	skbLen      = 0
	skbPktType  = 4
	skbProtocol = 16
	skbIfindex  = 40
	skbHash     = 68
)

// skbHeadroom is what lies before the Ethernet header.
const skbHeadroom = 64

// NewSKB makes a buffer that takes packets of up to max bytes.
func NewSKB(max int) (*SKB, error) {
	if max < EthLen || max > MaxPacket {
		return nil, fmt.Errorf("packet of %d bytes: it must have %d to %d", max, EthLen, MaxPacket)
	}
	m, err := mem.Alloc(ir.SKBSize + skbHeadroom + max)
	if err != nil {
		return nil, err
	}
	s := &SKB{memory: m, ctx: mem.AddrOf(m), room: max}
	s.mac = s.ctx + ir.SKBSize + skbHeadroom
	return s, nil
}

// Close frees the buffer. No run may be inside.
func (s *SKB) Close() error {
	m := s.memory
	s.memory = nil
	return mem.Free(m)
}

// Load puts a frame that came in on the loopback interface into the buffer and
// makes a context for it, as BPF_PROG_TEST_RUN does. Programs at layer 2 see
// the frame, the others what follows its Ethernet header.
func (s *SKB) Load(frame []byte, layer2 bool) error {
	if len(frame) < EthLen || len(frame) > s.room {
		return fmt.Errorf("packet of %d bytes: the buffer takes %d to %d", len(frame), EthLen, s.room)
	}
	clear(s.ctx.Bytes(ir.SKBSize))
	s.Target = Redirect{}
	copy(s.mac.Bytes(len(frame)), frame)
	s.data, s.end = s.mac, s.mac+mem.Addr(len(frame))
	if !layer2 {
		s.data += EthLen
	}
	*(s.ctx + skbLen).U32() = uint32(s.Len())
	*(s.ctx + skbIfindex).U32() = 1
	*(s.ctx + skbPktType).U32() = packetType(frame)
	// The protocol stays in network order.
	*(s.ctx + skbProtocol).U32() = uint32(binary.LittleEndian.Uint16(frame[12:]))
	*(s.ctx + ir.SKBData).U64() = uint64(s.data)
	*(s.ctx + ir.SKBDataEnd).U64() = uint64(s.end)
	*(s.ctx + ir.SKBDataMeta).U64() = uint64(s.data)
	return nil
}

// packetType is who a frame is for, seen from an interface with the address
// 00:00:00:00:00:00: PACKET_HOST, _BROADCAST, _MULTICAST or _OTHERHOST.
func packetType(frame []byte) uint32 {
	all, none := byte(0xff), byte(0)
	for _, b := range frame[:6] {
		all &= b
		none |= b
	}
	switch {
	case none == 0:
		return 0
	case all == 0xff:
		return 1
	case frame[0]&1 != 0:
		return 2
	}
	return 3
}

// Ctx is the native context block.
func (s *SKB) Ctx() mem.Addr { return s.ctx }

// Len is the length that the program sees, in bytes.
func (s *SKB) Len() int { return int(s.end - s.data) }

// Data is what the program sees. It is valid until the next Load.
func (s *SKB) Data() []byte { return s.data.Bytes(s.Len()) }

// Frame is the packet from its Ethernet header on.
func (s *SKB) Frame() []byte { return s.mac.Bytes(int(s.end - s.mac)) }

// Fields is the context in its C layout, without addresses. It is valid until
// the next Load.
func (s *SKB) Fields() []byte { return s.ctx.Bytes(ir.SKBFields) }

// Set puts fields that a caller gives into the context: mark, priority,
// interface, cb, hash and the like, by their offsets in struct __sk_buff.
func (s *SKB) Set(off int, value uint32) { *(s.ctx + mem.Addr(off)).U32() = value }

// The bases of negative offsets in legacy packet loads. Linux: SKF_NET_OFF and
// SKF_LL_OFF.
const (
	netOff = -0x100000
	llOff  = -0x200000
)

// LoadPacket is a legacy packet load: size bytes at off, big-endian.
func (s *SKB) LoadPacket(off int32, size int) (uint32, bool) {
	from, at := s.data, int64(off)
	switch {
	case off >= 0:
	case off >= netOff:
		from, at = s.mac+EthLen, int64(off)-netOff
	case off >= llOff:
		from, at = s.mac, int64(off)-llOff
	default:
		return 0, false
	}
	if at+int64(size) > int64(s.end-from) {
		return 0, false
	}
	v := uint32(0)
	for _, b := range (from + mem.Addr(at)).Bytes(size) {
		v = v<<8 | uint32(b)
	}
	return v, true
}

// maxOffset is the largest offset that the byte helpers take: INT_MAX.
const maxOffset = 1<<31 - 1

// LoadBytes is bpf_skb_load_bytes. Linux 6.18: what cannot be read is zeroed.
func (s *SKB) LoadBytes(off uint32, dst []byte) abi.Errno {
	if off > maxOffset || uint64(off)+uint64(len(dst)) > uint64(s.Len()) {
		clear(dst)
		return abi.EFAULT
	}
	copy(dst, s.Data()[off:])
	return 0
}

// StoreBytes is bpf_skb_store_bytes on a linear packet.
func (s *SKB) StoreBytes(off uint32, src []byte) abi.Errno {
	if off > maxOffset || uint64(off)+uint64(len(src)) > uint64(s.Len()) {
		return abi.EFAULT
	}
	copy(s.Data()[off:], src)
	return 0
}

// ClearHash forgets the flow's hash.
func (s *SKB) ClearHash() { s.Set(skbHash, 0) }
