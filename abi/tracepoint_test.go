package abi_test

import (
	"testing"

	"github.com/cilium/ebpf/btf"

	"github.com/skepbpf/skep/abi"
)

func TestTracepointArgNull(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		sentence, name string
		arg            int
		want           abi.ArgNull
	}{
		{"the digits count from the right", "kfree_skb", 3, abi.ArgMayBeNull},
		{"the others are valid", "kfree_skb", 0, abi.ArgNeverNull},
		{"an argument may be an error", "cachefiles_lookup", 2, abi.ArgMayBeErr},
		{"an unknown tracepoint has valid arguments", "no_such_tracepoint", 0, abi.ArgNeverNull},
		{"there is no argument before the first", "kfree_skb", -1, abi.ArgNeverNull},
		{"there is no argument after the last", "kfree_skb", 400, abi.ArgNeverNull},
	} {
		t.Run(c.sentence, func(t *testing.T) {
			t.Parallel()
			if got := abi.TracepointArgNull(c.name, c.arg); got != c.want {
				t.Errorf("%s argument %d: %d, want %d", c.name, c.arg, got, c.want)
			}
		})
	}
}

// Arguments that may be NULL are pointers in the running kernel.
func TestTracepointsAgainstBTF(t *testing.T) {
	t.Parallel()
	spec, err := btf.LoadKernelSpec()
	if err != nil {
		t.Skip("kernel BTF:", err)
	}
	checked := 0
	for typ, err := range spec.All() {
		if err != nil {
			t.Fatal(err)
		}
		def, ok := typ.(*btf.Typedef)
		if !ok || len(def.Name) < 10 || def.Name[:10] != "btf_trace_" {
			continue
		}
		target, _ := pointee(def)
		proto, ok := target.(*btf.FuncProto)
		if !ok {
			continue
		}
		for arg := range 12 {
			null := abi.TracepointArgNull(def.Name[10:], arg)
			if null == abi.ArgNeverNull {
				continue
			}
			checked++
			if arg+1 >= len(proto.Params) { // the first parameter is the probe's own
				t.Errorf("%s has no argument %d", def.Name, arg)
			} else if p, _ := pointee(proto.Params[arg+1].Type); p == nil {
				t.Errorf("%s: argument %d is no pointer: %v", def.Name, arg, proto.Params[arg+1])
			}
		}
	}
	if checked < 10 {
		t.Errorf("only %d arguments compared", checked)
	}
}

func TestLSMHookByName(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]abi.LSMHook{
		"file_open": abi.HookSleepable, "getprocattr": abi.HookDisabled, "task_free": abi.HookUntrusted,
		"sk_alloc_security": abi.HookCurrent | abi.HookUntrusted, "sock_graft": abi.HookSockLocked,
		"inode_xattr_skipcap": abi.HookBool, "no_such_hook": 0,
	} {
		if got := abi.LSMHookByName(name); got != want {
			t.Errorf("%s: %#x, want %#x", name, got, want)
		}
	}
}

// pointee is the type behind a pointer without qualifiers, and whether it is
// const; nil if t is no pointer.
func pointee(t btf.Type) (btf.Type, bool) {
	p, ok := btf.UnderlyingType(t).(*btf.Pointer)
	if !ok {
		return nil, false
	}
	constant := false
	for target := p.Target; ; {
		switch v := target.(type) {
		case *btf.Const:
			constant, target = true, v.Type
		case *btf.TypeTag:
			target = v.Type
		case *btf.Volatile:
			target = v.Type
		case *btf.Typedef:
			target = v.Type
		default:
			return target, constant
		}
	}
}
