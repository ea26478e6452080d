package packet

import "github.com/skepbpf/skep/internal/mem"

// ranger is a map whose elements can be visited; bpfmap's device maps are.
type ranger interface {
	Range(cpu int, f func(key, value mem.Addr) bool) int
}

// Devices calls each with the interfaces that the packet goes to: one, or
// every one of a map but the packet's own if the program said so. It is false
// if the program named none. An element of a device map begins with the
// interface's index.
func (x *XDP) Devices(each func(ifindex uint32)) bool {
	r := &x.Target
	switch {
	case !r.Set:
		return false
	case r.Map == nil:
		each(r.Ifindex)
	case r.Value != 0:
		each(*r.Value.U32())
	case r.Broadcast:
		m, ok := r.Map.(ranger)
		if !ok {
			return false
		}
		m.Range(0, func(_, value mem.Addr) bool {
			if i := *value.U32(); !r.ExcludeIngress || i != x.Ingress() {
				each(i)
			}
			return true
		})
	default:
		return false
	}
	return true
}
