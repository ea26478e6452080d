package abi

// lwtIn programs run on packets that a route received, before routing ends.
var lwtIn = &ProgInfo{
	Type: LWTIn, Name: "BPF_PROG_TYPE_LWT_IN", Short: "lwt_in",
	Context: skbContext(skbLWTFields),
	PktRead: true, PktArgs: true,
	Cap: CapBPF, NetAdmin: true,
}

// lwtOut programs run on packets that a route sends, after routing.
var lwtOut = &ProgInfo{
	Type: LWTOut, Name: "BPF_PROG_TYPE_LWT_OUT", Short: "lwt_out",
	Context: skbContext(skbLWTFields),
	PktRead: true, PktArgs: true,
	Cap: CapBPF, NetAdmin: true,
}

// lwtXmit programs run before a packet of a route is transmitted, and may
// rewrite it.
var lwtXmit = &ProgInfo{
	Type: LWTXmit, Name: "BPF_PROG_TYPE_LWT_XMIT", Short: "lwt_xmit",
	Context: skbContext(skbLWTFields),
	PktRead: true, PktArgs: true, PktWrite: true,
	Cap: CapBPF, NetAdmin: true,
}

// lwtSeg6Local programs are actions of IPv6 segment routing.
var lwtSeg6Local = &ProgInfo{
	Type: LWTSeg6Local, Name: "BPF_PROG_TYPE_LWT_SEG6LOCAL", Short: "lwt_seg6local",
	Context: skbContext(skbLWTFields),
	PktRead: true, PktArgs: true,
	Cap: CapBPF, NetAdmin: true,
}

// LWTAction is the verdict of a lightweight tunnel program.
type LWTAction uint32

// The verdicts.
const (
	LWTOK       LWTAction = 0   // BPF_OK
	LWTDrop     LWTAction = 2   // BPF_DROP
	LWTRedirect LWTAction = 7   // BPF_REDIRECT
	LWTReroute  LWTAction = 128 // BPF_LWT_REROUTE
)

// String is the C name, BPF_UNKNOWN for other values.
func (a LWTAction) String() string {
	switch a {
	case LWTOK:
		return "BPF_OK"
	case LWTDrop:
		return "BPF_DROP"
	case LWTRedirect:
		return "BPF_REDIRECT"
	case LWTReroute:
		return "BPF_LWT_REROUTE"
	}
	return "BPF_UNKNOWN"
}
