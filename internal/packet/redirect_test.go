package packet

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// devices is a device map: interface numbers by key, 0 for none.
type devices []uint32

func (d devices) Target(key uint32) (uint32, bool) {
	if int(key) >= len(d) || d[key] == 0 {
		return 0, false
	}
	return d[key], true
}

func (d devices) Next(key uint32, first bool) (uint32, bool) {
	i := int(key) + 1
	if first {
		i = 0
	}
	for ; i < len(d); i++ {
		if d[i] != 0 {
			return uint32(i), true
		}
	}
	return 0, false
}

func TestDevicesOfARedirect(t *testing.T) {
	t.Parallel()
	m := devices{0, 1, 2, 0, 3}
	for _, c := range []struct {
		name   string
		target Redirect
		want   []uint32
		ok     bool
	}{
		{"nothing was asked for", Redirect{}, nil, false},
		{"an interface by number", Redirect{Set: true, Ifindex: 9}, []uint32{9}, true},
		{"an element of a map", Redirect{Set: true, Map: m, Key: 2, Ifindex: 2}, []uint32{2}, true},
		{"an element of a map of CPUs", Redirect{Set: true, Map: m, Key: 2}, nil, false},
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
