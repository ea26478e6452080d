package verifier

import "github.com/skepbpf/skep/abi"

// kfFlags are what Linux declares about a kernel function beside its
// prototype.
type kfFlags = abi.KfuncFlags

// The flags, under the names that the rules use.
const (
	kfAcquire      = abi.KfAcquire      // returns an object that must be given back
	kfRelease      = abi.KfRelease      // gives one back
	kfRetNull      = abi.KfRetNull      // may return NULL
	kfTrusted      = abi.KfTrustedArgs  // pointers must be trusted
	kfRCU          = abi.KfRCU          // pointers must be trusted or protected by RCU
	kfRCUProtected = abi.KfRCUProtected // must be called under RCU
	kfSleepable    = abi.KfSleepable    // may sleep
	kfIterNew      = abi.KfIterNew
	kfIterNext     = abi.KfIterNext
	kfIterDestroy  = abi.KfIterDestroy
	kfFastcall     = abi.KfFastcall
	kfChangesPkt   = abi.KfChangesPkt
	kfSpinOK       = abi.KfLockOK // may be called with a lock held
)

// kfMore are kernel functions that no product kernel offers for use: those of
// its self-tests, and of a congestion control that is seldom built in.
var kfMore = map[string]*abi.Kfunc{
	"bpf_kfunc_call_test_release": {Flags: abi.KfRelease, Progs: testProgs},
	"bpf_kfunc_call_memb_release": {Flags: abi.KfRelease, Progs: testProgs},
	"bpf_modify_return_test_tp":   {Progs: 1<<33 - 1},
	"dctcp_init":                  {Progs: 1 << abi.StructOps},
	"dctcp_update_alpha":          {Progs: 1 << abi.StructOps},
	"dctcp_cwnd_event":            {Progs: 1 << abi.StructOps},
	"dctcp_ssthresh":              {Progs: 1 << abi.StructOps},
	"dctcp_cwnd_undo":             {Progs: 1 << abi.StructOps},
	"dctcp_state":                 {Progs: 1 << abi.StructOps},
}

const testProgs = 1<<abi.SchedCLS | 1<<abi.Tracing | 1<<abi.Tracepoint | 1<<abi.PerfEvent | 1<<abi.LSM | 1<<abi.Syscall

// kfRow is what is declared of a kernel function, nil if no program may call
// it.
func kfRow(name string) *abi.Kfunc {
	if row := abi.KfuncByName(name); row != nil {
		return row
	}
	return kfMore[name]
}
