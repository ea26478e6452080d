package bpfmap

import "github.com/cilium/ebpf/btf"

// spinLockOffset is where a value type has its struct bpf_spin_lock, -1 if it
// has none. Only a member of the outermost struct counts.
func spinLockOffset(t btf.Type) int {
	s, ok := btf.UnderlyingType(orVoid(t)).(*btf.Struct)
	if !ok {
		return -1
	}
	for _, m := range s.Members {
		if f, ok := btf.UnderlyingType(m.Type).(*btf.Struct); ok && f.Name == "bpf_spin_lock" && f.Size == 4 {
			return int(m.Offset.Bytes())
		}
	}
	return -1
}

func orVoid(t btf.Type) btf.Type {
	if t == nil {
		return (*btf.Void)(nil)
	}
	return t
}
