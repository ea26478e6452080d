//go:build linux

package abi_test

import (
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/skepbpf/skep/abi"
)

// withCaps runs f on a thread that has only the given capabilities, and ends
// the thread. It reports whether they could be set.
func withCaps(caps []int, f func()) bool {
	done := make(chan bool)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		hdr := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
		var data [2]unix.CapUserData
		for _, c := range caps {
			data[c/32].Effective |= 1 << (c % 32)
			data[c/32].Permitted |= 1 << (c % 32)
		}
		if err := unix.Capset(&hdr, &data[0]); err != nil {
			done <- false
			return
		}
		f()
		done <- true
	}()
	return <-done
}

// Program types load with exactly the capabilities that the table names.
func TestProgCapsAgainstKernel(t *testing.T) {
	t.Parallel()
	needLive(t)
	for _, c := range []struct {
		caps              []int
		perfmon, netAdmin bool
	}{
		{caps: []int{unix.CAP_BPF}},
		{caps: []int{unix.CAP_BPF, unix.CAP_PERFMON}, perfmon: true},
		{caps: []int{unix.CAP_BPF, unix.CAP_NET_ADMIN}, netAdmin: true},
		{caps: []int{unix.CAP_BPF, unix.CAP_NET_ADMIN, unix.CAP_PERFMON}, perfmon: true, netAdmin: true},
	} {
		ok := withCaps(c.caps, func() {
			for pt := abi.SocketFilter; pt <= abi.Netfilter; pt++ {
				info := pt.Info()
				if info.AttachBTF || pt == abi.LircMode2 {
					continue
				}
				var at abi.AttachType
				if info.Attach != nil {
					at = info.Attach[0]
				}
				want := (info.Cap < abi.CapPerfmon || c.perfmon) && (!info.NetAdmin || c.netAdmin)
				if got := liveLoads(pt, at); got != want {
					t.Errorf("%v with capabilities %v: kernel %v, table %v", pt, c.caps, got, want)
				}
			}
		})
		if !ok {
			t.Skip("capset is not permitted")
		}
	}
}

// Without CAP_PERFMON exactly those helpers are missing that the table says
// need it.
func TestHelperCapsAgainstKernel(t *testing.T) {
	t.Parallel()
	needLive(t)
	ok := withCaps([]int{unix.CAP_BPF, unix.CAP_NET_ADMIN}, func() {
		for _, pt := range []abi.ProgType{abi.SocketFilter, abi.SchedCLS, abi.XDP, abi.CgroupSock, abi.SkLookup, abi.Netfilter, abi.SkReuseport, abi.Syscall} {
			at := attaches(pt)[0]
			for id := abi.HelperID(1); id < abi.NumHelpers; id++ {
				h := abi.HelperFor(id, pt, at)
				if h == nil || h.Config != "" {
					continue
				}
				p := liveProg{typ: uint32(pt), attach: uint32(at), flags: liveFlags(pt),
					insns: []slot{{op: 0x85, imm: int32(id)}, {op: 0xb7}, {op: 0x95}}}
				_, log := p.load()
				want := h.Cap < abi.CapPerfmon || h.FreeIn.Has(pt)
				if known := !strings.Contains(log, "cannot use helper"); known != want {
					t.Errorf("%v in %v without CAP_PERFMON: kernel %v, table %v", id, pt, known, want)
				}
			}
		}
	})
	if !ok {
		t.Skip("capset is not permitted")
	}
}
