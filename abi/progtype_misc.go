package abi

// lircMode2 programs decode the pulses of an infrared receiver, one sample
// each run.
var lircMode2 = &ProgInfo{
	Type: LircMode2, Name: "BPF_PROG_TYPE_LIRC_MODE2", Short: "lirc_mode2",
	Context: &Context{Name: "u32", Size: 4, Fields: []Field{
		{Name: "sample", Off: 0, Size: 4, Read: Exact},
	}},
	Cap: CapBPF,
}

// netfilter programs judge packets at the hooks of netfilter.
var netfilter = &ProgInfo{
	Type: Netfilter, Name: "BPF_PROG_TYPE_NETFILTER", Short: "netfilter",
	Context: &Context{Name: "bpf_nf_ctx", Size: 16, Fields: []Field{
		{Name: "state", Off: 0, Size: 8, Kind: FieldBTF, Type: "nf_hook_state", Read: Exact},
		{Name: "skb", Off: 8, Size: 8, Kind: FieldBTF, Type: "sk_buff", Read: Exact},
	}},
	Returns: zeroOne,
	Attach:  []AttachType{AttachNetfilter},
	Cap:     CapBPF, NetAdmin: true,
	Since: 6<<8 | 4,
}

// NFAction is the verdict of a netfilter program.
type NFAction uint32

// The verdicts that programs may return.
const (
	NFDrop   NFAction = iota // NF_DROP
	NFAccept                 // NF_ACCEPT
)

// String is the C name, NF_UNKNOWN for other values.
func (a NFAction) String() string {
	switch a {
	case NFDrop:
		return "NF_DROP"
	case NFAccept:
		return "NF_ACCEPT"
	}
	return "NF_UNKNOWN"
}
