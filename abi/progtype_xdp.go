package abi

// xdp programs run in the driver, before there is a socket buffer.
var xdp = &ProgInfo{
	Type: XDP, Name: "BPF_PROG_TYPE_XDP", Short: "xdp",
	Context: &Context{Name: "xdp_md", Size: 24, Fields: []Field{
		{Name: "data", Off: 0, Size: 4, Kind: FieldPacket, Read: Exact},
		{Name: "data_end", Off: 4, Size: 4, Kind: FieldPacketEnd, Read: Exact},
		{Name: "data_meta", Off: 8, Size: 4, Kind: FieldPacketMeta, Read: Exact},
		{Name: "ingress_ifindex", Off: 12, Size: 4, Read: Exact},
		{Name: "rx_queue_index", Off: 16, Size: 4, Read: Exact},
		{Name: "egress_ifindex", Off: 20, Size: 4, Read: Exact, Attach: []AttachType{AttachXDPDevMap}},
	}},
	PktRead: true, PktArgs: true, PktWrite: true,
	Cap: CapBPF, NetAdmin: true,
}

// XDPAction is the verdict of an XDP program. Other values are taken as
// XDPAborted, with a warning.
type XDPAction uint32

// The verdicts.
const (
	XDPAborted  XDPAction = iota // XDP_ABORTED
	XDPDrop                      // XDP_DROP
	XDPPass                      // XDP_PASS
	XDPTX                        // XDP_TX
	XDPRedirect                  // XDP_REDIRECT
)

var xdpActions = [...]string{"XDP_ABORTED", "XDP_DROP", "XDP_PASS", "XDP_TX", "XDP_REDIRECT"}

// String is the C name, XDP_INVALID_ACTION for other values.
func (a XDPAction) String() string {
	if int(a) < len(xdpActions) {
		return xdpActions[a]
	}
	return "XDP_INVALID_ACTION"
}

// XDPHeadroom is the space before a frame in which xdp_adjust_head and
// xdp_adjust_meta can move.
const XDPHeadroom = 256
