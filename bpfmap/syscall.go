package bpfmap

import "github.com/skepbpf/skep/abi"

// The functions below are the commands of bpf(2): what they check comes before
// what a kind does. A map that cannot do a command at all is ENOTSUPP, and one
// that is closed is EBADF.

// ValueLen is the length of the values that bpf(2) moves.
func ValueLen(m Map) int {
	if s, ok := m.(Syscaller); ok {
		return s.ValueLen()
	}
	return int(m.Def().ValueSize)
}

// Lookup is BPF_MAP_LOOKUP_ELEM.
func Lookup(m Map, key, value []byte, flags abi.UpdateFlags) abi.Errno {
	if !m.Retain() {
		return abi.EBADF
	}
	defer m.Release()
	s, ok := m.(Syscaller)
	if flags&^abi.UpdateLock != 0 {
		return abi.EINVAL
	}
	if m.Def().Flags&abi.WriteOnly != 0 {
		return abi.EPERM
	}
	if flags&abi.UpdateLock != 0 && !hasLock(m) {
		return abi.EINVAL
	}
	if len(key) != int(m.Def().KeySize) {
		return abi.EINVAL
	}
	if !ok {
		return abi.ENOTSUPP
	}
	if len(value) != s.ValueLen() {
		return abi.EINVAL
	}
	return s.SysLookup(key, value, flags)
}

// Update is BPF_MAP_UPDATE_ELEM.
func Update(m Map, key, value []byte, flags abi.UpdateFlags) abi.Errno {
	if !m.Retain() {
		return abi.EBADF
	}
	defer m.Release()
	s, ok := m.(Syscaller)
	if e := writable(m); e != 0 {
		return e
	}
	if flags&abi.UpdateLock != 0 && !hasLock(m) {
		return abi.EINVAL
	}
	if len(key) != int(m.Def().KeySize) {
		return abi.EINVAL
	}
	if !ok {
		return abi.ENOTSUPP
	}
	if len(value) != s.ValueLen() {
		return abi.EINVAL
	}
	return s.SysUpdate(key, value, flags)
}

// Delete is BPF_MAP_DELETE_ELEM.
func Delete(m Map, key []byte) abi.Errno {
	if !m.Retain() {
		return abi.EBADF
	}
	defer m.Release()
	s, ok := m.(Syscaller)
	if e := writable(m); e != 0 {
		return e
	}
	if len(key) != int(m.Def().KeySize) {
		return abi.EINVAL
	}
	if !ok {
		return abi.ENOTSUPP
	}
	return s.SysDelete(key)
}

// NextKey is BPF_MAP_GET_NEXT_KEY: the key after prev, or the first if prev is
// nil or not in the map.
func NextKey(m Map, prev, next []byte) abi.Errno {
	if !m.Retain() {
		return abi.EBADF
	}
	defer m.Release()
	s, ok := m.(Syscaller)
	if m.Def().Flags&abi.WriteOnly != 0 {
		return abi.EPERM
	}
	if prev != nil && len(prev) != int(m.Def().KeySize) || len(next) != int(m.Def().KeySize) {
		return abi.EINVAL
	}
	if !ok {
		return abi.ENOTSUPP
	}
	return s.NextKey(prev, next)
}

// LookupDelete is BPF_MAP_LOOKUP_AND_DELETE_ELEM.
func LookupDelete(m Map, key, value []byte, flags abi.UpdateFlags) abi.Errno {
	if !m.Retain() {
		return abi.EBADF
	}
	defer m.Release()
	if flags&^abi.UpdateLock != 0 {
		return abi.EINVAL
	}
	if e := writable(m); e != 0 {
		return e
	}
	if m.Def().Flags&abi.WriteOnly != 0 {
		return abi.EPERM
	}
	if flags != 0 && (m.Def().Type == abi.Queue || m.Def().Type == abi.Stack) {
		return abi.EINVAL
	}
	if flags&abi.UpdateLock != 0 && !hasLock(m) {
		return abi.EINVAL
	}
	if len(key) != int(m.Def().KeySize) {
		return abi.EINVAL
	}
	d, ok := m.(LookupDeleter)
	if !ok {
		return abi.ENOTSUPP
	}
	if len(value) != ValueLen(m) {
		return abi.EINVAL
	}
	return d.SysLookupDelete(key, value, flags)
}

func writable(m Map) abi.Errno {
	if m.Def().Flags&abi.ReadOnly != 0 || m.Frozen() {
		return abi.EPERM
	}
	return 0
}

func hasLock(m Map) bool {
	l, ok := m.(interface{ lockOffset() int })
	return ok && l.lockOffset() >= 0
}
