package helper_test

import (
	"testing"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/bpfmap"
	"github.com/skepbpf/skep/helper"
	"github.com/skepbpf/skep/host"
	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/internal/packet"
	"github.com/skepbpf/skep/vm"
)

func TestRedirectMap(t *testing.T) {
	t.Parallel()
	table := bpfmap.NewTable(bpfmap.TableOptions{CPUs: 2})
	rt, err := vm.NewRuntime(&vm.RuntimeOptions{Table: table, Host: host.NewFixed(host.FixedOptions{})})
	if err != nil {
		t.Fatal(err)
	}
	maps := map[abi.MapType]bpfmap.Map{}
	for _, typ := range []abi.MapType{abi.DevMap, abi.CPUMap, abi.Array} {
		m, err := bpfmap.New(&image.Map{Name: "m", Type: typ, KeySize: 4, ValueSize: 4, MaxEntries: 4}, bpfmap.Options{Table: table})
		if err != nil {
			t.Fatal(err)
		}
		defer m.Close()
		if e := m.(bpfmap.Syscaller).SysUpdate([]byte{1, 0, 0, 0}, []byte{7, 0, 0, 0}, abi.UpdateAny); e != 0 {
			t.Fatalf("%v: errno %d", typ, e)
		}
		maps[typ] = m
	}
	x, err := packet.NewXDP(64)
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	c, err := rt.Claim(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer rt.Release(c)
	c.Event = x
	body := helper.Table().Helper(abi.RedirectMap)
	const pass, drop, redirected, broadcast = 2, 1, 4, 8
	for _, r := range []struct {
		what    string
		typ     abi.MapType
		key     uint64
		flags   uint64
		verdict uint64
		ifindex uint32
		targets int
	}{
		{"a device that is there", abi.DevMap, 1, drop, redirected, 7, 1},
		{"a device that is not there gives the flags", abi.DevMap, 2, drop, drop, 0, 0},
		{"a key behind the map gives the flags", abi.DevMap, 9, pass, pass, 0, 0},
		{"all devices", abi.DevMap, 0, broadcast, redirected, 0, 1},
		{"unknown flags", abi.DevMap, 1, 64, 0, 0, 0},
		{"a CPU names no device", abi.CPUMap, 1, pass, redirected, 0, 0},
		{"CPU maps do not broadcast", abi.CPUMap, 1, broadcast, 0, 0, 0},
		{"an array is no target", abi.Array, 1, pass, 0, 0, 0},
	} {
		if err := x.Load(make([]byte, 64)); err != nil {
			t.Fatal(err)
		}
		verdict := body(c, uint64(maps[r.typ].Header()), r.key, r.flags, 0, 0)
		if verdict != r.verdict || x.Target.Ifindex != r.ifindex || x.Target.Set != (verdict == redirected) {
			t.Errorf("%s: verdict %d, %+v", r.what, verdict, x.Target)
		}
		n := 0
		x.Devices(func(uint32) { n++ })
		if n != r.targets {
			t.Errorf("%s: goes to %d devices", r.what, n)
		}
	}
}
