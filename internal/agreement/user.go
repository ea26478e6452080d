package main

import (
	"fmt"
	"strings"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/kernel"
	"github.com/skepbpf/skep/verifier"
)

// user is who the programs are loaded as: one with few capabilities, nil for
// root. To both verifiers it is the same one.
type user struct {
	caps verifier.Caps
	keep []uint
}

// userCaps are the capabilities that change verdicts, with the kernel's numbers.
var userCaps = map[string]struct {
	caps   verifier.Caps
	number uint
}{
	"bpf": {verifier.CapBPF, 39}, "perfmon": {verifier.CapPerfmon, 38},
	"net_admin": {verifier.CapNetAdmin, 12}, "sys_admin": {verifier.CapSysAdmin, 21},
}

// parseUser reads "" for root, "none" for a user without capabilities, or names
// between commas.
func parseUser(text string) (*user, error) {
	if text == "" {
		return nil, nil
	}
	u := new(user)
	if text == "none" {
		return u, nil
	}
	for name := range strings.SplitSeq(text, ",") {
		c, ok := userCaps[name]
		if !ok {
			return nil, fmt.Errorf("user: capability %q is not one of bpf, perfmon, net_admin, sys_admin", name)
		}
		u.caps |= c.caps
		u.keep = append(u.keep, c.number)
	}
	return u, nil
}

// options are the verifier's for u.
func (u *user) options(opts *verifier.Options) {
	if u != nil {
		opts.Trust, opts.Caps = verifier.Sandbox, u.caps
	}
}

// judge are the kernel's for u.
func (u *user) judge(opts *kernel.JudgeOptions) {
	if u != nil {
		opts.User = &kernel.User{Keep: u.keep}
	}
}

// refused reports whether a rejection without a word is a verdict: root is
// refused so by what is around a verifier, u by the rules.
func (u *user) refused(errno abi.Errno) bool {
	return u != nil && (errno == abi.EPERM || errno == abi.E2BIG)
}
