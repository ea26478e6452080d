package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/verifier"
)

func TestUser(t *testing.T) {
	t.Parallel()
	if u, err := parseUser(""); u != nil || err != nil || u.refused(abi.EPERM) {
		t.Errorf("root is %v, %v", u, err)
	}
	u, err := parseUser("bpf,net_admin")
	if err != nil || u.caps != verifier.CapBPF|verifier.CapNetAdmin {
		t.Fatalf("%+v, %v", u, err)
	}
	if diff := cmp.Diff([]uint{39, 12}, u.keep); diff != "" {
		t.Error(diff)
	}
	if none, err := parseUser("none"); err != nil || none == nil || none.caps != 0 || !none.refused(abi.EPERM) || none.refused(abi.EINVAL) {
		t.Errorf("none is %+v, %v", none, err)
	}
	if _, err := parseUser("chown"); err == nil {
		t.Error("chown changes verdicts")
	}
}
