package skep

import "fmt"

// Compatible is nil if an existing map may stand in for the one that the spec
// describes, and wraps ErrMapIncompatible otherwise.
func (ms *MapSpec) Compatible(m *Map) error {
	d := m.def
	for _, c := range []struct {
		what       string
		want, have any
	}{
		{"type", ms.Type, d.Type},
		{"key size", ms.KeySize, d.KeySize},
		{"value size", ms.ValueSize, d.ValueSize},
		{"max entries", ms.MaxEntries, d.MaxEntries},
		{"flags", ms.Flags, uint32(d.Flags)},
	} {
		if c.want != c.have {
			return fmt.Errorf("%s %v, want %v: %w", c.what, c.have, c.want, ErrMapIncompatible)
		}
	}
	return nil
}
