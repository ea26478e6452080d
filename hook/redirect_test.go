package hook_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/skepbpf/skep"
	"github.com/skepbpf/skep/asm"
	"github.com/skepbpf/skep/hook"
)

// forward redirects every packet by a map, to the target at key 1, with flags.
const forward = `
.map devs devmap key=4 value=4 entries=4
.map hash devmap_hash key=4 value=4 entries=4
.program forward type=XDP license=GPL
    r1 = map[%s] ll
    r2 = %d
    r3 = %d
    call bpf_redirect_map
    exit
`

func TestRedirectsByMapReachTheirInterfaces(t *testing.T) {
	t.Parallel()
	const broadcast, notBack, pass, drop = 8, 16, 2, 1
	for _, c := range []struct {
		name       string
		kind       string
		key, flags int
		want       [3]int // frames that leave by a, b, c; two come in by a
		up         int
		action     hook.XDPAction
	}{
		{"to the interface at a key", "devs", 1, drop, [3]int{0, 2, 0}, 0, hook.XDPRedirect},
		{"to the interface at a key of a hash", "hash", 1, drop, [3]int{0, 2, 0}, 0, hook.XDPRedirect},
		{"a key without a target gives the verdict in the flags", "devs", 3, pass, [3]int{}, 2, hook.XDPPass},
		{"to all", "devs", 0, broadcast, [3]int{2, 2, 2}, 0, hook.XDPRedirect},
		{"to all but the own", "hash", 0, broadcast | notBack, [3]int{0, 2, 2}, 0, hook.XDPRedirect},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			img, err := asm.Parse(t.Name(), fmt.Appendf(nil, forward, c.kind, c.key, c.flags))
			if err != nil {
				t.Fatal(err)
			}
			coll, err := skep.NewCollection(skep.NewCollectionSpec(img))
			if err != nil {
				t.Fatal(err)
			}
			defer coll.Close()
			for key, ifindex := range []uint32{11, 12, 13} {
				if m := coll.Maps[c.kind]; m != nil {
					if err := m.Put(uint32(key), ifindex); err != nil {
						t.Fatal(err)
					}
				}
			}
			frame := hook.Frame{Data: bytes.Repeat([]byte{0xab}, 60), Length: 60}
			var up hook.Recorder
			var outs [3]hook.Recorder
			ports := []*hook.Port{
				{Name: "a", Ifindex: 11, In: hook.Frames(frame, frame), Up: &up, Out: &outs[0]},
				{Name: "b", Ifindex: 12, Out: &outs[1]},
				{Name: "c", Ifindex: 13, Out: &outs[2]},
			}
			res, err := hook.ReplayXDP(t.Context(), coll.Programs["forward"], ports, nil)
			if err != nil {
				t.Fatal(err)
			}
			got := [3]int{len(outs[0].Frames), len(outs[1].Frames), len(outs[2].Frames)}
			if d := cmp.Diff(c.want, got); d != "" || len(up.Frames) != c.up {
				t.Errorf("%d up; out: %s", len(up.Frames), d)
			}
			if res.Actions[c.action].Packets != 2 || res.NoTarget.Packets != 0 {
				t.Errorf("counted %+v", res)
			}
			for _, o := range outs {
				for _, f := range o.Frames {
					if !bytes.Equal(f.Data, frame.Data) {
						t.Errorf("sent %x", f.Data)
					}
				}
			}
		})
	}
}

func TestAProgramThatFaultsOrRunsOutEndsTheReplay(t *testing.T) {
	t.Parallel()
	img, err := asm.Parse("loop.s", []byte(`
.program loop type=XDP license=GPL
    r1 = 10000
again:
    r1 -= 1
    if r1 != 0 goto again
    r0 = 2
    exit
`))
	if err != nil {
		t.Fatal(err)
	}
	coll, err := skep.NewCollection(skep.NewCollectionSpec(img))
	if err != nil {
		t.Fatal(err)
	}
	defer coll.Close()
	frame := hook.Frame{Data: make([]byte, 60), Length: 60}
	ports := func() []*hook.Port { return []*hook.Port{{Name: "eth0", In: hook.Frames(frame)}} }
	if _, err := hook.ReplayXDP(t.Context(), coll.Programs["loop"], ports(), &hook.XDPOptions{Budget: 100}); err == nil {
		t.Error("a budget of 100 instructions was enough for 20,000")
	}
	res, err := hook.ReplayXDP(t.Context(), coll.Programs["loop"], ports(), &hook.XDPOptions{Budget: 100_000})
	if err != nil || res.Actions[hook.XDPPass].Packets != 1 {
		t.Errorf("result %+v, error %v", res, err)
	}
}
