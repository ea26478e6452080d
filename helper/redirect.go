package helper

import (
	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/bpfmap"
	"github.com/skepbpf/skep/internal/packet"
	"github.com/skepbpf/skep/vm"
)

var redirectRows = []row{
	{abi.Redirect, redirect},
	{abi.RedirectMap, redirectMap},
}

// Verdicts of XDP programs.
const (
	xdpAborted  = 0
	xdpRedirect = 4
)

// Flags of bpf_redirect_map.
const (
	redirectVerdict  = 3      // what to return if the key has no entry
	redirectAll      = 1 << 3 // BPF_F_BROADCAST
	redirectNotBack  = 1 << 4 // BPF_F_EXCLUDE_INGRESS
	redirectDevFlags = redirectAll | redirectNotBack
)

// Verdicts of classifiers.
const (
	tcShot     = 2
	tcRedirect = 7
)

// redirectIngress is the one flag of a classifier's bpf_redirect: BPF_F_INGRESS.
const redirectIngress = 1

// redirect is bpf_redirect. XDP programs have no flags.
func redirect(c *vm.Context, ifindex, flags, _, _, _ uint64) uint64 {
	if s, ok := c.Event.(*packet.SKB); ok {
		if flags&^redirectIngress != 0 {
			return tcShot
		}
		s.Target = packet.Redirect{Set: true, Ifindex: uint32(ifindex), Ingress: flags != 0}
		return tcRedirect
	}
	x := xdp(c)
	if x == nil || flags != 0 {
		return xdpAborted
	}
	x.Target = packet.Redirect{Set: true, Ifindex: uint32(ifindex)}
	return xdpRedirect
}

// redirectMap is bpf_redirect_map. Linux 6.18: a key without an entry gives
// the verdict in the low bits of the flags; only device maps broadcast.
func redirectMap(c *vm.Context, r1, k, flags, _, _ uint64) uint64 {
	x := xdp(c)
	m := mapAt(c, r1)
	r, ok := m.(bpfmap.Redirecter)
	if x == nil || !ok {
		return xdpAborted
	}
	device := m.Def().Type == abi.DevMap || m.Def().Type == abi.DevMapHash
	allowed := uint64(redirectVerdict)
	if device {
		allowed |= redirectDevFlags
	}
	if flags&^allowed != 0 {
		return xdpAborted
	}
	to := packet.Redirect{Set: true, Map: m, Key: uint32(k), ExcludeIngress: flags&redirectNotBack != 0}
	if flags&redirectAll != 0 {
		to.Broadcast = true
		x.Target = to
		return xdpRedirect
	}
	v, ok := r.Target(uint32(k))
	if !ok {
		x.Target = packet.Redirect{}
		return flags & redirectVerdict
	}
	if device {
		to.Ifindex = v
	}
	x.Target = to
	return xdpRedirect
}
