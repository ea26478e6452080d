package bpfmap

import "github.com/cilium/ebpf/btf"

// spinLockOffset is where a value type has its struct bpf_spin_lock, -1 if it
// has none. Only a member of the outermost struct, or a variable of a section,
// counts.
func spinLockOffset(t btf.Type) int {
	switch s := btf.UnderlyingType(orVoid(t)).(type) {
	case *btf.Struct:
		for _, m := range s.Members {
			if isSpinLock(m.Type) {
				return int(m.Offset.Bytes())
			}
		}
	case *btf.Datasec:
		for _, m := range s.Vars {
			if v, ok := m.Type.(*btf.Var); ok && isSpinLock(v.Type) {
				return int(m.Offset)
			}
		}
	}
	return -1
}

func isSpinLock(t btf.Type) bool {
	s, ok := btf.UnderlyingType(t).(*btf.Struct)
	return ok && s.Name == "bpf_spin_lock" && s.Size == 4
}

func orVoid(t btf.Type) btf.Type {
	if t == nil {
		return (*btf.Void)(nil)
	}
	return t
}
