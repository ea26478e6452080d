package abi

// schedCLS programs classify packets of traffic control, tcx and netkit.
var schedCLS = &ProgInfo{
	Type: SchedCLS, Name: "BPF_PROG_TYPE_SCHED_CLS", Short: "sched_cls",
	Context: skbContext(skbTCFields),
	PktRead: true, PktArgs: true, PktWrite: true,
	Cap: CapBPF, NetAdmin: true,
}

// schedACT programs are actions of traffic control.
var schedACT = &ProgInfo{
	Type: SchedACT, Name: "BPF_PROG_TYPE_SCHED_ACT", Short: "sched_act",
	Context: skbContext(skbTCFields),
	PktRead: true, PktArgs: true, PktWrite: true,
	Cap: CapBPF, NetAdmin: true,
}

// TCAction is the verdict of a traffic control program in direct-action mode,
// and of tcx and netkit programs.
type TCAction int32

// The verdicts.
const (
	TCActUnspec     TCAction = -1 // TC_ACT_UNSPEC, TCX_NEXT, NETKIT_NEXT
	TCActOK         TCAction = 0  // TC_ACT_OK, TCX_PASS, NETKIT_PASS
	TCActReclassify TCAction = 1  // TC_ACT_RECLASSIFY
	TCActShot       TCAction = 2  // TC_ACT_SHOT, TCX_DROP, NETKIT_DROP
	TCActPipe       TCAction = 3  // TC_ACT_PIPE
	TCActStolen     TCAction = 4  // TC_ACT_STOLEN
	TCActQueued     TCAction = 5  // TC_ACT_QUEUED
	TCActRepeat     TCAction = 6  // TC_ACT_REPEAT
	TCActRedirect   TCAction = 7  // TC_ACT_REDIRECT, TCX_REDIRECT, NETKIT_REDIRECT
	TCActTrap       TCAction = 8  // TC_ACT_TRAP
)

var tcActions = [...]string{
	"TC_ACT_UNSPEC", "TC_ACT_OK", "TC_ACT_RECLASSIFY", "TC_ACT_SHOT", "TC_ACT_PIPE",
	"TC_ACT_STOLEN", "TC_ACT_QUEUED", "TC_ACT_REPEAT", "TC_ACT_REDIRECT", "TC_ACT_TRAP",
}

// String is the C name, TC_ACT_UNKNOWN for other values.
func (a TCAction) String() string {
	if i := int(a) + 1; i >= 0 && i < len(tcActions) {
		return tcActions[i]
	}
	return "TC_ACT_UNKNOWN"
}
