package packet

import (
	"fmt"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/internal/mem"
)

// The geometry of a frame.
//
//	base       +256         data            data_end          end-320    end
//	| xdp_frame |  headroom … metadata | packet  | tailroom … | shared info |
//
// Linux 6.18: XDP_PACKET_HEADROOM, sizeof(struct xdp_frame), and struct
// skb_shared_info as amd64 has it.
const (
	Headroom   = 256
	frameHead  = 40
	sharedInfo = 320
	minFrame   = 4096
	// EthLen is the shortest packet that XDP helpers leave.
	EthLen = 14
	// maxMeta is the largest metadata that a multiple of 4 below 256 allows.
	maxMeta = 252
	// MaxPacket is the longest packet that a frame takes.
	MaxPacket = 1 << 17
)

// GuestBase is the address under which unverified programs find the frame's
// first byte, because the fields of their context have 32 bits only.
const GuestBase = 0x1000_0000

// offsets in a frame's memory before the frame itself
const (
	blockOff = 0
	rawOff   = 64
	frameOff = 256
)

// Offsets in the native context block: ir.XDPData and so on.
const (
	ctxData     = 0
	ctxDataEnd  = 8
	ctxDataMeta = 16
	ctxIngress  = 24
	ctxRxQueue  = 28
	ctxEgress   = 32
)

// xdpMDSize is the size of struct xdp_md.
const xdpMDSize = 24

// XDP is a packet on its way through an XDP program. One goroutine uses it at
// a time.
type XDP struct {
	memory []byte
	ctx    mem.Addr // native context block
	raw    mem.Addr // struct xdp_md with guest addresses
	frame  mem.Addr // data_hard_start
	size   int      // of the frame

	data, end, meta mem.Addr

	// Target is what the program asked for by bpf_redirect or
	// bpf_redirect_map. It means something if the verdict is XDP_REDIRECT.
	Target Redirect
}

// Redirect is where a program sends a packet.
type Redirect struct {
	Set bool
	// Ifindex is the interface that bpf_redirect or an element of a device map
	// names; 0 for other maps.
	Ifindex uint32
	// Map is the map of bpf_redirect_map, a bpfmap.Redirecter, and Key the
	// element; nil for bpf_redirect.
	Map any
	Key uint32
	// Broadcast means all elements of Map in place of one.
	Broadcast      bool
	ExcludeIngress bool
	// Ingress makes the packet arrive at Ifindex instead of leaving by it.
	Ingress bool
}

// NewXDP makes a frame that takes packets of up to max bytes, and at least
// what fits a page.
func NewXDP(max int) (*XDP, error) {
	if max < 0 || max > MaxPacket {
		return nil, fmt.Errorf("packet of %d bytes: the limit is %d", max, MaxPacket)
	}
	size := (max + Headroom + sharedInfo + minFrame - 1) &^ (minFrame - 1)
	m, err := mem.Alloc(frameOff + size)
	if err != nil {
		return nil, err
	}
	base := mem.AddrOf(m)
	x := &XDP{memory: m, ctx: base + blockOff, raw: base + rawOff, frame: base + frameOff, size: size}
	x.place(0)
	return x, nil
}

// Close frees the frame. No run may be inside.
func (x *XDP) Close() error {
	m := x.memory
	x.memory = nil
	return mem.Free(m)
}

// Cap is the longest packet that Load takes.
func (x *XDP) Cap() int { return x.size - Headroom - sharedInfo }

// Load puts a packet into the frame, without metadata, and forgets the last
// redirect. Interface and queue stay as they were set.
func (x *XDP) Load(pkt []byte) error {
	if len(pkt) > x.Cap() {
		return fmt.Errorf("packet of %d bytes: the frame takes %d", len(pkt), x.Cap())
	}
	data := x.frame + Headroom
	copy(data.Bytes(len(pkt)), pkt)
	if x.data != data || x.meta != data || x.end != data+mem.Addr(len(pkt)) || x.Target.Set {
		x.place(len(pkt))
	}
	return nil
}

func (x *XDP) place(n int) {
	x.data = x.frame + Headroom
	x.end = x.data + mem.Addr(n)
	x.meta = x.data
	x.Target = Redirect{}
	x.sync()
}

// SetInput says where the packet came from.
func (x *XDP) SetInput(ifindex, queue uint32) {
	*(x.ctx + ctxIngress).U32() = ifindex
	*(x.ctx + ctxRxQueue).U32() = queue
	*(x.raw + 12).U32() = ifindex
	*(x.raw + 16).U32() = queue
}

// Ingress is the interface that the packet came from.
func (x *XDP) Ingress() uint32 { return *(x.ctx + ctxIngress).U32() }

// SetEgress is the interface that a program of a devmap entry runs for.
func (x *XDP) SetEgress(ifindex uint32) {
	*(x.ctx + ctxEgress).U32() = ifindex
	*(x.raw + 20).U32() = ifindex
}

// sync writes the addresses into both forms of the context.
func (x *XDP) sync() {
	*(x.ctx + ctxData).U64() = uint64(x.data)
	*(x.ctx + ctxDataEnd).U64() = uint64(x.end)
	*(x.ctx + ctxDataMeta).U64() = uint64(x.meta)
	*x.raw.U32() = x.guest(x.data)
	*(x.raw + 4).U32() = x.guest(x.end)
	*(x.raw + 8).U32() = x.guest(x.meta)
}

func (x *XDP) guest(a mem.Addr) uint32 { return uint32(GuestBase + a - x.frame) }

// Ctx is the address of the native context block: r1 of a verified program.
func (x *XDP) Ctx() mem.Addr { return x.ctx }

// Raw is the address and size of the struct xdp_md whose packet addresses are
// guest addresses: r1 of an unverified program.
func (x *XDP) Raw() (mem.Addr, int) { return x.raw, xdpMDSize }

// Visible is the part of the frame that an unverified program may touch: its
// guest address, and metadata and packet as they lie.
func (x *XDP) Visible() (guest uint64, host mem.Addr, size int) {
	return uint64(x.guest(x.meta)), x.meta, int(x.end - x.meta)
}

// Data is the packet. It is valid until the next Load or adjustment.
func (x *XDP) Data() []byte { return x.data.Bytes(x.Len()) }

// Meta is the metadata before the packet.
func (x *XDP) Meta() []byte { return x.meta.Bytes(int(x.data - x.meta)) }

// Len is the length of the packet.
func (x *XDP) Len() int { return int(x.end - x.data) }

// Range is the frame's memory that a run may reach by pointers it was given.
func (x *XDP) Range() (a mem.Addr, size int) { return x.frame, x.size }

// AdjustHead moves the start of the packet by delta bytes, metadata with it.
// Linux 6.18: bpf_xdp_adjust_head keeps struct xdp_frame's place and an
// Ethernet header free.
func (x *XDP) AdjustHead(delta int32) abi.Errno {
	metaLen := x.data - x.meta
	data := x.data + mem.Addr(int64(delta))
	if data < x.frame+frameHead+metaLen || data+EthLen > x.end {
		return abi.EINVAL
	}
	if metaLen > 0 {
		meta := x.meta + mem.Addr(int64(delta))
		copy(meta.Bytes(int(metaLen)), x.meta.Bytes(int(metaLen)))
	}
	x.data = data
	x.meta = data - metaLen
	x.sync()
	return 0
}

// AdjustTail moves the end of the packet by delta bytes; what is gained is
// zero. Linux 6.18: bpf_xdp_adjust_tail, a packet without fragments.
func (x *XDP) AdjustTail(delta int32) abi.Errno {
	end := x.end + mem.Addr(int64(delta))
	if end > x.frame+mem.Addr(x.size-sharedInfo) || end < x.data+EthLen {
		return abi.EINVAL
	}
	if delta > 0 {
		clear(x.end.Bytes(int(delta)))
	}
	x.end = end
	x.sync()
	return 0
}

// AdjustMeta moves the start of the metadata by delta bytes.
// Linux 6.18: bpf_xdp_adjust_meta wants a multiple of 4 up to 252.
func (x *XDP) AdjustMeta(delta int32) abi.Errno {
	meta := x.meta + mem.Addr(int64(delta))
	if meta < x.frame+frameHead || meta > x.data {
		return abi.EINVAL
	}
	if n := x.data - meta; n%4 != 0 || n > maxMeta {
		return abi.EACCES
	}
	x.meta = meta
	x.sync()
	return 0
}

// span is the n bytes at off of the packet, as the byte helpers check them.
// Linux 6.18: offsets and lengths above 0xffff are EFAULT, others outside of
// the packet EINVAL.
func (x *XDP) span(off, n uint32) ([]byte, abi.Errno) {
	if off > 0xffff || n > 0xffff {
		return nil, abi.EFAULT
	}
	if int(off)+int(n) > x.Len() {
		return nil, abi.EINVAL
	}
	return (x.data + mem.Addr(off)).Bytes(int(n)), 0
}

// LoadBytes copies packet bytes from off into dst: bpf_xdp_load_bytes.
func (x *XDP) LoadBytes(off uint32, dst []byte) abi.Errno {
	src, err := x.span(off, uint32(len(dst)))
	if err == 0 {
		copy(dst, src)
	}
	return err
}

// StoreBytes copies src into the packet at off: bpf_xdp_store_bytes.
func (x *XDP) StoreBytes(off uint32, src []byte) abi.Errno {
	dst, err := x.span(off, uint32(len(src)))
	if err == 0 {
		copy(dst, src)
	}
	return err
}
