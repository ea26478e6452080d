package packet

// targets is a map of what a redirect can go to; bpfmap's device maps are.
type targets interface {
	Target(key uint32) (uint32, bool)
	Next(key uint32, first bool) (uint32, bool)
}

// Devices calls each with the interfaces that the packet goes to: one, or
// every one of a map but the packet's own if the program said so. It is false
// if the program named none.
func (x *XDP) Devices(each func(ifindex uint32)) bool {
	r := &x.Target
	if !r.Set {
		return false
	}
	if !r.Broadcast {
		if r.Map == nil || r.Ifindex != 0 {
			each(r.Ifindex)
			return true
		}
		return false
	}
	m, ok := r.Map.(targets)
	if !ok {
		return false
	}
	for key, more := m.Next(0, true); more; key, more = m.Next(key, false) {
		if i, ok := m.Target(key); ok && (!r.ExcludeIngress || i != x.Ingress()) {
			each(i)
		}
	}
	return true
}
