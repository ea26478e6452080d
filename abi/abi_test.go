package abi_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/skepbpf/skep/abi"
)

// latest is the release that the tables describe.
var latest = abi.Rel(6, 18)

func TestHelperRowsAreConsistent(t *testing.T) {
	t.Parallel()
	for id := abi.HelperID(1); id < abi.NumHelpers; id++ {
		rows := abi.Helpers(id)
		if len(rows) == 0 {
			t.Errorf("helper %d has no row", id)
			continue
		}
		if h := abi.HelperByName(id.String()); h == nil || h.ID != id {
			t.Errorf("%v is not found by its name", id)
		}
		if h := abi.HelperByName(strings.TrimPrefix(id.String(), "bpf_")); h == nil || h.ID != id {
			t.Errorf("%v is not found by its name without prefix", id)
		}
		var taken abi.ProgSet
		for i := range rows {
			h := &rows[i]
			checkHelperRow(t, id, h)
			plain := h.Progs
			for pt := range h.Attach {
				plain &^= 1 << pt
			}
			if taken&plain != 0 {
				t.Errorf("%v: two prototypes for the types %#x", id, taken&plain)
			}
			taken |= plain
		}
	}
	for _, id := range []abi.HelperID{-1, 0, abi.NumHelpers, 1 << 30} {
		if abi.HelperByID(id) != nil || abi.HelperFor(id, abi.XDP, 0) != nil || abi.Helpers(id) != nil {
			t.Errorf("helper %d exists", id)
		}
	}
}

func checkHelperRow(t *testing.T, id abi.HelperID, h *abi.Helper) {
	t.Helper()
	if h.ID != id || !strings.HasPrefix(h.Name, "bpf_") || h.Since > latest || h.Progs == 0 {
		t.Errorf("%v: %+v", id, h)
	}
	if h.WithoutCap != (h.Cap == abi.CapNone) || h.FreeIn != 0 && h.Cap == abi.CapNone {
		t.Errorf("%v: capabilities disagree", id)
	}
	if h.Progs.Has(abi.Extension) || h.Progs.Has(abi.UnspecProg) {
		t.Errorf("%v: types that call nothing are in %#x", id, h.Progs)
	}
	for pt, list := range h.Attach {
		if !h.Progs.Has(pt) {
			t.Errorf("%v: attach types for %v, which may not call it", id, pt)
		}
		for _, at := range list {
			if !pt.Info().AllowsAttach(at) {
				t.Errorf("%v: %v does not load with %v", id, pt, at)
			}
		}
	}
	if h.StructOps != nil && !h.Progs.Has(abi.StructOps) {
		t.Errorf("%v: structs without struct_ops programs", id)
	}
	last := true
	for i := 4; i >= 0; i-- {
		a := h.Args[i]
		if a != abi.ArgNone {
			last = false
		} else if !last {
			t.Errorf("%v: no argument %d before others", id, i+1)
		}
		if a.Has(abi.ArgFixed) != (h.ArgSize[i] != 0) {
			t.Errorf("%v: argument %d has size %d", id, i+1, h.ArgSize[i])
		}
		size := a.Base() == abi.ArgConstSize || a.Base() == abi.ArgConstSizeOrZero
		if size && (i == 0 || h.Args[i-1].Base() != abi.ArgMem) {
			t.Errorf("%v: argument %d is a size, but of nothing", id, i+1)
		}
		if a.Base() == abi.ArgMem && !a.Has(abi.ArgFixed) && (i == 4 || h.Args[i+1].Base() != abi.ArgConstSize && h.Args[i+1].Base() != abi.ArgConstSizeOrZero) {
			t.Errorf("%v: memory of argument %d has no size", id, i+1)
		}
		if h.ArgType[i] != "" && a.Base() != abi.ArgBTFID {
			t.Errorf("%v: argument %d has type %s", id, i+1, h.ArgType[i])
		}
	}
}

func TestContextsAreConsistent(t *testing.T) {
	t.Parallel()
	for pt := abi.SocketFilter; pt <= abi.Netfilter; pt++ {
		info := pt.Info()
		if info == nil || info.Type != pt {
			t.Errorf("program type %d: row %+v", pt, info)
			continue
		}
		if info.Name != "BPF_PROG_TYPE_"+strings.ToUpper(info.Short) || info.Since > latest {
			t.Errorf("%v: %q, since %#x", pt, info.Short, info.Since)
		}
		for _, arch := range []string{"amd64", "arm64"} {
			c := pt.ContextOn(arch)
			if c == nil {
				if pt != abi.Extension {
					t.Errorf("%v has no context", pt)
				}
				continue
			}
			checkContextRow(t, info, c)
		}
	}
	if abi.UnspecProg.Info() != nil || abi.ProgType(33).Info() != nil || abi.ProgType(1<<31).Info() != nil {
		t.Error("program types that do not exist have rows")
	}
}

func checkContextRow(t *testing.T, info *abi.ProgInfo, c *abi.Context) {
	t.Helper()
	for i, f := range c.Fields {
		if int(f.Off)+int(f.Size) > int(c.Size) || f.Size == 0 || f.Elem > f.Size {
			t.Errorf("%v: %s.%s lies outside", info.Type, c.Name, f.Name)
		}
		if i > 0 && c.Fields[i-1].Off > f.Off {
			t.Errorf("%v: %s.%s is out of order", info.Type, c.Name, f.Name)
		}
		if f.Read|f.Write == abi.Deny {
			t.Errorf("%v: %s.%s cannot be accessed", info.Type, c.Name, f.Name)
		}
		if (f.Kind == abi.FieldBTF) != (f.Type != "") {
			t.Errorf("%v: %s.%s has type %q", info.Type, c.Name, f.Name, f.Type)
		}
		for _, at := range f.Attach {
			if !info.AllowsAttach(at) {
				t.Errorf("%v: %s.%s under %v", info.Type, c.Name, f.Name, at)
			}
		}
	}
	for _, at := range []abi.AttachType{0, abi.AttachTraceUprobeSession} {
		for _, write := range []bool{false, true} {
			for _, off := range []int{-8, -1, int(c.Size), int(c.Size) + 1, 1 << 20} {
				if c.Field(off, 1, write, at) != nil {
					t.Errorf("%v: byte %d of %s is accessible", info.Type, off, c.Name)
				}
			}
			for _, size := range []int{-1, 0, 3, 5, 16} {
				if c.Field(0, size, write, at) != nil {
					t.Errorf("%v: %d bytes of %s are accessible at once", info.Type, size, c.Name)
				}
			}
		}
	}
}

func TestFieldAllows(t *testing.T) {
	t.Parallel()
	ip6 := abi.Field{Off: 44, Size: 16, Elem: 4}
	port := abi.Field{Off: 48, Size: 2}
	for _, c := range []struct {
		sentence  string
		f         abi.Field
		a         abi.Access
		off, size int
		want      bool
	}{
		{"an exact access takes an element", ip6, abi.Exact, 48, 4, true},
		{"an exact access takes no part of an element", ip6, abi.Exact, 48, 2, false},
		{"an exact access takes no two elements", ip6, abi.Exact, 48, 8, false},
		{"a narrow access takes any aligned part", ip6, abi.Narrow, 58, 2, true},
		{"a narrow access is aligned", ip6, abi.Narrow, 57, 2, false},
		{"a narrow access implies the element", ip6, abi.Narrow, 56, 4, true},
		{"a wide access needs an offset of 8", ip6, abi.Narrow | abi.Wide, 44, 8, false},
		{"a wide access takes two elements", ip6, abi.Exact | abi.Wide, 48, 8, true},
		{"a wide access stays inside", ip6, abi.Exact | abi.Wide, 56, 8, false},
		{"a start access takes a part at the start", ip6, abi.Start, 48, 1, true},
		{"a start access takes no part elsewhere", ip6, abi.Start, 49, 1, false},
		{"nothing may be denied and done", ip6, abi.Deny, 48, 4, false},
		{"an access stays inside", port, abi.Narrow, 49, 2, false},
		{"an access does not begin before", port, abi.Narrow, 47, 1, false},
		{"an access is not larger than the field", port, abi.Narrow, 48, 4, false},
		{"an access has a size", port, abi.Narrow, 48, 0, false},
	} {
		t.Run(c.sentence, func(t *testing.T) {
			t.Parallel()
			if got := c.f.Allows(c.a, c.off, c.size); got != c.want {
				t.Errorf("Allows(%d, %d, %d) = %v", c.a, c.off, c.size, got)
			}
		})
	}
}

func TestMapRowsAreConsistent(t *testing.T) {
	t.Parallel()
	for mt := abi.Hash; mt <= abi.RHash; mt++ {
		m := mt.Info()
		if m == nil || m.Type != mt || m.Name != "BPF_MAP_TYPE_"+strings.ToUpper(m.Short) {
			t.Errorf("map type %d: row %+v", mt, m)
			continue
		}
		for _, name := range []string{m.Name, m.Short} {
			if got, ok := abi.MapTypeByName(name); !ok || got != mt {
				t.Errorf("%s is found as %v", name, got)
			}
		}
		if m.Required&^m.Flags != 0 || m.Since > latest != (mt > abi.Arena) {
			t.Errorf("%v: flags %#x, required %#x, since %#x", mt, m.Flags, m.Required, m.Since)
		}
		if m.Key.Min > m.Key.Max || m.Value.Min > m.Value.Max {
			t.Errorf("%v: sizes %+v", mt, m)
		}
		for _, id := range m.Helpers {
			if list := abi.HelperMaps(id); list != nil && !slices.Contains(list, mt) {
				t.Errorf("%v lists %v, which does not list it", mt, id)
			}
		}
	}
	for id := abi.HelperID(1); id < abi.NumHelpers; id++ {
		for _, mt := range abi.HelperMaps(id) {
			m := mt.Info()
			if m.Helpers != nil && !slices.Contains(m.Helpers, id) {
				t.Errorf("%v lists %v, which does not list it", id, mt)
			}
			if !slices.ContainsFunc(abi.HelperByID(id).Args[:], func(a abi.Arg) bool {
				return a.Base() == abi.ArgConstMapPtr || a.Base() == abi.ArgDynptr
			}) {
				t.Errorf("%v takes no map", id)
			}
		}
	}
}

func TestKfuncRowsAreConsistent(t *testing.T) {
	t.Parallel()
	for i, k := range abi.Kfuncs() {
		if i > 0 && abi.Kfuncs()[i-1].Name >= k.Name {
			t.Errorf("%s is out of order", k.Name)
		}
		if abi.KfuncByName(k.Name) != k || abi.KfuncByName(k.Name+"___flavour") != k {
			t.Errorf("%s is not found by its name", k.Name)
		}
		if k.Since > latest || k.Progs == 0 || len(k.Args) > 5 {
			t.Errorf("%s: %+v", k.Name, k)
		}
		if iter := k.Flags & (abi.KfIterNew | abi.KfIterNext | abi.KfIterDestroy); iter != 0 &&
			(iter&(iter-1) != 0 || len(k.Args) == 0 || k.Args[0].Kind != abi.KindIter) {
			t.Errorf("%s: iterator flags %#x, arguments %v", k.Name, iter, k.Args)
		}
		if k.Has(abi.KfIterNext) && !k.Has(abi.KfRetNull) {
			t.Errorf("%s never ends", k.Name)
		}
		for i, a := range k.Args {
			size := a.Kind == abi.KindSize || a.Kind == abi.KindConstSize
			if size && (i == 0 || k.Args[i-1].Kind != abi.KindMem) {
				t.Errorf("%s: %s is the size of nothing", k.Name, a.Name)
			}
			if a.Kind == abi.KindMem && (i+1 == len(k.Args) || k.Args[i+1].Kind != abi.KindSize && k.Args[i+1].Kind != abi.KindConstSize) {
				t.Errorf("%s: %s has no size", k.Name, a.Name)
			}
			if (a.Kind == abi.KindBTF || a.Kind == abi.KindIter) && a.Struct == "" || (a.Kind == abi.KindScalar || a.Kind == abi.KindFixedMem) && a.Size == 0 {
				t.Errorf("%s: %+v", k.Name, a)
			}
		}
	}
	if abi.KfuncByName("bpf_no_such_thing") != nil {
		t.Error("a function that does not exist has a row")
	}
}

func TestActionNames(t *testing.T) {
	t.Parallel()
	for want, got := range map[string]string{
		"XDP_ABORTED": abi.XDPAborted.String(), "XDP_REDIRECT": abi.XDPRedirect.String(),
		"XDP_INVALID_ACTION": abi.XDPAction(5).String(), "TC_ACT_UNSPEC": abi.TCActUnspec.String(),
		"TC_ACT_SHOT": abi.TCActShot.String(), "TC_ACT_TRAP": abi.TCActTrap.String(),
		"TC_ACT_UNKNOWN": abi.TCAction(-2).String(), "SK_PASS": abi.SkPass.String(),
		"NF_ACCEPT": abi.NFAccept.String(), "BPF_LWT_REROUTE": abi.LWTReroute.String(),
		"BPF_MAP_TYPE_PERCPU_ARRAY": abi.PerCPUArray.String(), "percpu_array": abi.PerCPUArray.Short(),
		"BPF_CGROUP_INET_INGRESS": abi.AttachCgroupInetIngress.String(), "cgroup_inet_ingress": abi.AttachCgroupInetIngress.Short(),
		"BPF_PROG_TYPE_XDP": abi.XDP.String(), "sched_cls": abi.SchedCLS.Short(),
		"bpf_map_lookup_elem": abi.MapLookupElem.String(), "helper(9999)": abi.HelperID(9999).String(),
	} {
		if got != want {
			t.Errorf("%s is called %s", want, got)
		}
	}
}
