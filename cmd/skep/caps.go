package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/skepbpf/skep/verifier"
)

// capBits are the capabilities that change verdicts, by name and by the
// kernel's number.
var capBits = []struct {
	name   string
	number uint64
	caps   verifier.Caps
}{
	{"CAP_NET_ADMIN", 12, verifier.CapNetAdmin},
	{"CAP_SYS_ADMIN", 21, verifier.CapSysAdmin},
	{"CAP_PERFMON", 38, verifier.CapPerfmon},
	{"CAP_BPF", 39, verifier.CapBPF},
}

// parseCaps reads capabilities by name or number: "CAP_BPF | CAP_NET_ADMIN",
// "bpf,net_admin", "39".
func parseCaps(text string) (verifier.Caps, error) {
	var all verifier.Caps
	split := func(r rune) bool { return r == '|' || r == ',' }
next:
	for _, word := range strings.FieldsFunc(text, split) {
		word = strings.ToUpper(strings.TrimSpace(word))
		number, err := strconv.ParseUint(word, 0, 6)
		for _, c := range capBits {
			if word == c.name || "CAP_"+word == c.name || err == nil && number == c.number {
				all |= c.caps
				continue next
			}
		}
		return 0, fmt.Errorf("capability %q: not one of CAP_BPF, CAP_PERFMON, CAP_NET_ADMIN, CAP_SYS_ADMIN", word)
	}
	return all, nil
}
