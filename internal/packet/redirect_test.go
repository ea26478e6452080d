package packet

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/skepbpf/skep/internal/mem"
)

// devices is a device map: its elements begin with an interface's number.
type devices struct{ values []byte }

func (d devices) Range(_ int, f func(key, value mem.Addr) bool) int {
	n := 0
	for a := 0; a < 4*3; a += 4 {
		n++
		if !f(0, mem.AddrOf(d.values)+mem.Addr(a)) {
			break
		}
	}
	return n
}

func TestDevicesOfARedirect(t *testing.T) {
	t.Parallel()
	values, err := mem.Alloc(4096)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = mem.Free(values) })
	for i := range 3 {
		*(mem.AddrOf(values) + mem.Addr(4*i)).U32() = uint32(i + 1)
	}
	m := devices{values}
	for _, c := range []struct {
		name   string
		target Redirect
		want   []uint32
		ok     bool
	}{
		{"nothing was asked for", Redirect{}, nil, false},
		{"an interface by number", Redirect{Set: true, Ifindex: 9}, []uint32{9}, true},
		{"an element of a map", Redirect{Set: true, Map: m, Value: mem.AddrOf(values) + 4}, []uint32{2}, true},
		{"no element of a map", Redirect{Set: true, Map: m}, nil, false},
		{"all of a map", Redirect{Set: true, Map: m, Broadcast: true}, []uint32{1, 2, 3}, true},
		{"all but the packet's own", Redirect{Set: true, Map: m, Broadcast: true, ExcludeIngress: true}, []uint32{1, 3}, true},
		{"all of what is no map", Redirect{Set: true, Map: "?", Broadcast: true}, nil, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			x, err := NewXDP(64)
			if err != nil {
				t.Fatal(err)
			}
			defer x.Close()
			x.SetInput(2, 0)
			x.Target = c.target
			var got []uint32
			ok := x.Devices(func(i uint32) { got = append(got, i) })
			if d := cmp.Diff(c.want, got); d != "" || ok != c.ok {
				t.Errorf("%v: %s", ok, d)
			}
		})
	}
}
