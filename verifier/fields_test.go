package verifier_test

import (
	"context"
	"errors"
	"testing"

	"github.com/cilium/ebpf/btf"

	"github.com/skepbpf/skep/asm"
	"github.com/skepbpf/skep/verifier"
)

// value is the BTF of a map value of 32 bytes: a lock, a timer, a kptr to one
// of the program's own structs, and a number.
func value() btf.Type {
	u64 := &btf.Int{Name: "u64", Size: 8}
	u32 := &btf.Int{Name: "u32", Size: 4}
	lock := &btf.Struct{Name: "bpf_spin_lock", Size: 4, Members: []btf.Member{{Name: "val", Type: u32}}}
	timer := &btf.Struct{Name: "bpf_timer", Size: 16, Members: []btf.Member{
		{Name: "a", Type: u64}, {Name: "b", Type: u64, Offset: 64},
	}}
	node := &btf.Struct{Name: "node", Size: 8, Members: []btf.Member{{Name: "n", Type: u64}}}
	kptr := &btf.Pointer{Target: &btf.TypeTag{Value: "kptr", Type: node}}
	return &btf.Struct{Name: "value", Size: 40, Members: []btf.Member{
		{Name: "lock", Type: lock},
		{Name: "count", Type: u32, Offset: 4 * 8},
		{Name: "timer", Type: timer, Offset: 8 * 8},
		{Name: "node", Type: kptr, Offset: 24 * 8},
		{Name: "rest", Type: u64, Offset: 32 * 8},
	}}
}

// lookup leaves a pointer to a value, tested for NULL, in r0 and r6.
const lookup = `
.license "GPL"
.map values hash key=4 value=40 entries=4
.program p section=tc
    *(u32 *)(r10 -4) = 1
    r2 = r10
    r2 += -4
    r1 = map[values] ll
    call bpf_map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
`

// TestSpecialFields: what a program may do with the special fields of a map's
// value. The messages are Linux 6.18's.
func TestSpecialFields(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, body string
		code       verifier.Code
		msg        string
	}{
		{name: "a lock around a store", body: `
			r1 = r6
			call bpf_spin_lock
			*(u32 *)(r6 +4) = 1
			r1 = r6
			call bpf_spin_unlock`},
		{name: "a lock that is not given back", body: `
			r1 = r6
			call bpf_spin_lock`,
			code: verifier.CodeLock, msg: "BPF_EXIT instruction in main prog cannot be used inside bpf_spin_lock-ed region"},
		{name: "a lock that is not held", body: `
			r1 = r6
			call bpf_spin_unlock`,
			code: verifier.CodeLock, msg: "bpf_spin_unlock without taking a lock"},
		{name: "a call with a lock held", body: `
			r1 = r6
			call bpf_spin_lock
			call bpf_ktime_get_ns`,
			code: verifier.CodeLock, msg: "function calls are not allowed while holding a lock"},
		{name: "a lock at the wrong place", body: `
			r1 = r6
			r1 += 4
			call bpf_spin_lock`,
			code: verifier.CodeLock, msg: "off 4 doesn't point to 'struct bpf_spin_lock' that is at 0"},
		{name: "a store over the lock", body: `
			*(u32 *)(r6 +0) = 0`,
			code: verifier.CodeMapField, msg: "bpf_spin_lock cannot be accessed directly by load/store"},
		{name: "a store over the timer", body: `
			*(u64 *)(r6 +16) = 0`,
			code: verifier.CodeMapField, msg: "bpf_timer cannot be accessed directly by load/store"},
		{name: "a timer at the wrong place", body: `
			r1 = r6
			r2 = map[values] ll
			r3 = 1
			call bpf_timer_init`,
			code: verifier.CodeMapField, msg: "off 0 doesn't point to 'struct bpf_timer' that is at 8"},
		{name: "a timer of this map", body: `
			r1 = r6
			r1 += 8
			r2 = map[values] ll
			r3 = 1
			call bpf_timer_init`},
		{name: "a kptr is loaded", body: `
			r1 = *(u64 *)(r6 +24)`},
		{name: "half of a kptr is loaded", body: `
			r1 = *(u32 *)(r6 +24)`,
			code: verifier.CodeKptr, msg: "kptr access size must be BPF_DW"},
		{name: "a load across a kptr", body: `
			r1 = *(u64 *)(r6 +20)`,
			code: verifier.CodeMapField, msg: "bpf_timer cannot be accessed directly by load/store"},
		{name: "a store over a referenced kptr", body: `
			r1 = 0
			*(u64 *)(r6 +24) = r1`,
			code: verifier.CodeKptr, msg: "store to referenced kptr disallowed"},
		{name: "a kptr is taken out and leaks", body: `
			r1 = r6
			r1 += 24
			r2 = 0
			call bpf_kptr_xchg
			if r0 == 0 goto out`,
			code: verifier.CodeRefLeak, msg: "BPF_EXIT instruction in main prog would lead to reference leak"},
		{name: "no kptr is there", body: `
			r1 = r6
			r1 += 32
			r2 = 0
			call bpf_kptr_xchg`,
			code: verifier.CodeKptr, msg: "off=32 doesn't point to kptr"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, err := asm.Parse("p.s", []byte(lookup+tt.body+"\nout:\n    r0 = 0\n    exit\n"))
			if err != nil {
				t.Fatal(err)
			}
			c.Maps[0].Value = value()
			_, err = verifier.Verify(context.Background(), c.Programs[0], nil)
			var e *verifier.Error
			switch {
			case tt.msg == "" && err != nil:
				t.Fatalf("rejected: %v", err)
			case tt.msg != "" && !errors.As(err, &e):
				t.Fatalf("accepted, want %q", tt.msg)
			case tt.msg != "" && (e.Msg != tt.msg || e.Code != tt.code):
				t.Fatalf("%s %q, want %s %q", e.Code, e.Msg, tt.code, tt.msg)
			}
		})
	}
}
