package abi

// socketFilter programs decide how many bytes of a packet a socket gets.
var socketFilter = &ProgInfo{
	Type: SocketFilter, Name: "BPF_PROG_TYPE_SOCKET_FILTER", Short: "socket_filter",
	Context: skbContext(skbFilterFields),
}

// skReuseport programs choose a socket of a group.
var skReuseport = &ProgInfo{
	Type: SkReuseport, Name: "BPF_PROG_TYPE_SK_REUSEPORT", Short: "sk_reuseport",
	Context: skReuseportContext,
	Attach:  []AttachType{AttachSkReuseportSelect, AttachSkReuseportSelectOrMigrate},
	Default: AttachSkReuseportSelect,
	PktRead: true, PktArgs: true,
	Cap:   CapBPF,
	Since: 4<<8 | 19,
}

// skLookup programs choose the socket for a packet that no connection owns.
var skLookup = &ProgInfo{
	Type: SkLookup, Name: "BPF_PROG_TYPE_SK_LOOKUP", Short: "sk_lookup",
	Context: skLookupContext,
	Returns: zeroOne,
	Attach:  []AttachType{AttachSkLookup},
	Cap:     CapBPF,
	Since:   5<<8 | 9,
}

// flowDissector programs parse a packet into flow keys.
var flowDissector = &ProgInfo{
	Type: FlowDissector, Name: "BPF_PROG_TYPE_FLOW_DISSECTOR", Short: "flow_dissector",
	Context: &Context{Name: "__sk_buff", Size: skbSize, Fields: []Field{
		{Name: "data", Off: 76, Size: 4, Kind: FieldPacket, Read: Exact},
		{Name: "data_end", Off: 80, Size: 4, Kind: FieldPacketEnd, Read: Exact},
		{Name: "flow_keys", Off: 144, Size: 8, Kind: FieldFlowKeys, Read: Exact},
	}},
	PktRead: true, PktArgs: true,
	Cap: CapBPF, NetAdmin: true,
	Since: 4<<8 | 20,
}

// SkAction is the verdict of sockmap and socket lookup programs.
type SkAction uint32

// The verdicts.
const (
	SkDrop SkAction = iota // SK_DROP
	SkPass                 // SK_PASS
)

// String is the C name, SK_UNKNOWN for other values.
func (a SkAction) String() string {
	switch a {
	case SkDrop:
		return "SK_DROP"
	case SkPass:
		return "SK_PASS"
	}
	return "SK_UNKNOWN"
}
