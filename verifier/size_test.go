package verifier

import (
	"reflect"
	"testing"
)

// TestSizes holds what is copied and compared most to a size: two cache lines
// a register, 16 bytes a stack slot.
func TestSizes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		v    any
		most uintptr
	}{
		{reg{}, 128},
		{slot{}, 16},
		{hist{}, 32},
		{frame{}, 1280},
	} {
		if n := reflect.TypeOf(c.v).Size(); n > c.most {
			t.Errorf("%T has %d bytes, want at most %d", c.v, n, c.most)
		}
	}
}
