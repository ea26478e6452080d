package abi

import "slices"

// skbSize is the size of struct __sk_buff.
const skbSize = 192

// skbFields are the members of __sk_buff that all types but the flow dissector
// read alike.
var skbFields = []Field{
	{Name: "len", Off: 0, Size: 4, Read: Narrow},
	{Name: "pkt_type", Off: 4, Size: 4, Read: Narrow},
	{Name: "protocol", Off: 16, Size: 4, Read: Narrow},
	{Name: "vlan_present", Off: 20, Size: 4, Read: Narrow},
	{Name: "vlan_tci", Off: 24, Size: 4, Read: Narrow},
	{Name: "vlan_proto", Off: 28, Size: 4, Read: Narrow},
	{Name: "ingress_ifindex", Off: 36, Size: 4, Read: Narrow},
	{Name: "ifindex", Off: 40, Size: 4, Read: Narrow},
	{Name: "hash", Off: 68, Size: 4, Read: Narrow},
	{Name: "napi_id", Off: 84, Size: 4, Read: Narrow},
	{Name: "gso_segs", Off: 164, Size: 4, Read: Narrow},
	{Name: "sk", Off: 168, Size: 8, Kind: FieldSockCommon, Nullable: true, Read: Exact},
	{Name: "gso_size", Off: 176, Size: 4, Read: Narrow},
}

// skbFilterFields are the other members of socket filters.
var skbFilterFields = []Field{
	{Name: "mark", Off: 8, Size: 4, Read: Narrow},
	{Name: "queue_mapping", Off: 12, Size: 4, Read: Narrow},
	{Name: "priority", Off: 32, Size: 4, Read: Narrow},
	{Name: "tc_index", Off: 44, Size: 4, Read: Narrow},
	{Name: "cb", Off: 48, Size: 20, Elem: 4, Read: Narrow | Wide, Write: Narrow | Wide},
}

// skbTCFields are the other members of traffic control.
var skbTCFields = []Field{
	{Name: "mark", Off: 8, Size: 4, Read: Narrow, Write: Exact},
	{Name: "queue_mapping", Off: 12, Size: 4, Read: Narrow, Write: Exact},
	{Name: "priority", Off: 32, Size: 4, Read: Narrow, Write: Exact},
	{Name: "tc_index", Off: 44, Size: 4, Read: Narrow, Write: Exact},
	{Name: "cb", Off: 48, Size: 20, Elem: 4, Read: Narrow | Wide, Write: Narrow | Wide},
	{Name: "tc_classid", Off: 72, Size: 4, Read: Narrow, Write: Exact},
	{Name: "data", Off: 76, Size: 4, Kind: FieldPacket, Read: Exact},
	{Name: "data_end", Off: 80, Size: 4, Kind: FieldPacketEnd, Read: Exact},
	{Name: "data_meta", Off: 140, Size: 4, Kind: FieldPacketMeta, Read: Exact},
	{Name: "tstamp", Off: 152, Size: 8, Read: Exact, Write: Exact},
	{Name: "wire_len", Off: 160, Size: 4, Read: Narrow},
	{Name: "tstamp_type", Off: 180, Size: 1, Read: Exact},
	{Name: "hwtstamp", Off: 184, Size: 8, Read: Exact},
}

// skbCgroupFields are the other members of cgroup programs.
var skbCgroupFields = []Field{
	{Name: "mark", Off: 8, Size: 4, Read: Narrow, Write: Exact},
	{Name: "queue_mapping", Off: 12, Size: 4, Read: Narrow},
	{Name: "priority", Off: 32, Size: 4, Read: Narrow, Write: Exact},
	{Name: "tc_index", Off: 44, Size: 4, Read: Narrow},
	{Name: "cb", Off: 48, Size: 20, Elem: 4, Read: Narrow | Wide, Write: Narrow | Wide},
	{Name: "data", Off: 76, Size: 4, Kind: FieldPacket, Read: Exact, Cap: CapBPF},
	{Name: "data_end", Off: 80, Size: 4, Kind: FieldPacketEnd, Read: Exact, Cap: CapBPF},
	{Name: "family", Off: 88, Size: 4, Read: Narrow},
	{Name: "remote_ip4", Off: 92, Size: 4, Read: Exact},
	{Name: "local_ip4", Off: 96, Size: 4, Read: Exact},
	{Name: "remote_ip6", Off: 100, Size: 16, Elem: 4, Read: Exact},
	{Name: "local_ip6", Off: 116, Size: 16, Elem: 4, Read: Exact},
	{Name: "remote_port", Off: 132, Size: 4, Read: Narrow},
	{Name: "local_port", Off: 136, Size: 4, Read: Narrow},
	{Name: "tstamp", Off: 152, Size: 8, Read: Exact},
	{Name: "tstamp", Off: 152, Size: 8, Write: Exact, Cap: CapBPF},
	{Name: "hwtstamp", Off: 184, Size: 8, Read: Exact},
}

// skbLWTFields are the other members of lightweight tunnels.
var skbLWTFields = []Field{
	{Name: "mark", Off: 8, Size: 4, Read: Narrow, Write: Exact},
	{Name: "queue_mapping", Off: 12, Size: 4, Read: Narrow},
	{Name: "priority", Off: 32, Size: 4, Read: Narrow, Write: Exact},
	{Name: "tc_index", Off: 44, Size: 4, Read: Narrow},
	{Name: "cb", Off: 48, Size: 20, Elem: 4, Read: Narrow | Wide, Write: Narrow | Wide},
	{Name: "data", Off: 76, Size: 4, Kind: FieldPacket, Read: Exact},
	{Name: "data_end", Off: 80, Size: 4, Kind: FieldPacketEnd, Read: Exact},
}

// skbSockmapFields are the other members of sockmap verdict programs.
var skbSockmapFields = []Field{
	{Name: "queue_mapping", Off: 12, Size: 4, Read: Narrow},
	{Name: "priority", Off: 32, Size: 4, Read: Narrow, Write: Exact},
	{Name: "tc_index", Off: 44, Size: 4, Read: Narrow, Write: Exact},
	{Name: "cb", Off: 48, Size: 20, Elem: 4, Read: Narrow | Wide},
	{Name: "data", Off: 76, Size: 4, Kind: FieldPacket, Read: Exact},
	{Name: "data_end", Off: 80, Size: 4, Kind: FieldPacketEnd, Read: Exact},
	{Name: "family", Off: 88, Size: 4, Read: Narrow},
	{Name: "remote_ip4", Off: 92, Size: 4, Read: Exact},
	{Name: "local_ip4", Off: 96, Size: 4, Read: Exact},
	{Name: "remote_ip6", Off: 100, Size: 16, Elem: 4, Read: Exact},
	{Name: "local_ip6", Off: 116, Size: 16, Elem: 4, Read: Exact},
	{Name: "remote_port", Off: 132, Size: 4, Read: Narrow},
	{Name: "local_port", Off: 136, Size: 4, Read: Narrow},
}

// skbContext is the __sk_buff of a program type: the common members and its
// own.
func skbContext(own []Field) *Context {
	fields := slices.Concat(skbFields, own)
	slices.SortStableFunc(fields, func(a, b Field) int { return int(a.Off) - int(b.Off) })
	return &Context{Name: "__sk_buff", Size: skbSize, Fields: fields}
}
