package verifier

import (
	"strings"

	"github.com/cilium/ebpf/btf"

	"github.com/skepbpf/skep/abi"
)

// hookOf is what is special about the security hook that t is.
func hookOf(t *target) abi.LSMHook {
	return abi.LSMHookByName(strings.TrimPrefix(t.name, "bpf_lsm_"))
}

// checkHook demands that a program may attach to its security hook.
//
// Linux 6.18: programs of security modules are under a licence compatible with
// the GPL, and some hooks have no place for them, selftest verifier_lsm.
func (v *verifier) checkHook(t *target) error {
	if t == nil {
		return nil
	}
	hook := hookOf(t)
	if v.prog.Flags&abi.Sleepable != 0 && hook&abi.HookSleepable == 0 {
		return v.reject(CodeAttach, abi.EINVAL, "%s is not sleepable", t.name)
	}
	if !v.gplCompatible() {
		return v.reject(CodeAttach, abi.EINVAL, "LSM programs must have a GPL compatible license")
	}
	if hook&abi.HookDisabled == 0 {
		return nil
	}
	var f *btf.Func
	if err := v.kernel().TypeByName(t.name, &f); err != nil {
		return err
	}
	id, err := v.kernel().TypeID(f)
	if err != nil {
		return err
	}
	return v.reject(CodeAttach, abi.EINVAL, "attach_btf_id %d points to disabled hook %s", id, t.name)
}

// trustedHook reports whether the arguments of a security hook are alive for
// certain: those that free or set up an object cannot say so of it.
func (v *verifier) trustedHook(t *target) bool {
	return v.progType() == abi.LSM && hookOf(t)&abi.HookUntrusted == 0
}
