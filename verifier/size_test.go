package verifier

import (
	"reflect"
	"testing"
)

// TestSizes holds the sizes that memory is counted with.
func TestSizes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		v    any
		most uintptr
	}{
		{state{}, stateBytes},
		{frame{}, frameBytes},
		{slot{}, slotBytes},
		{reg{}, regBytes},
		{hist{}, histBytes},
	} {
		if n := reflect.TypeOf(c.v).Size(); n > c.most {
			t.Errorf("%T has %d bytes, want at most %d", c.v, n, c.most)
		}
	}
}
