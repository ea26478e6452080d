package vm_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/skepbpf/skep/vm"
)

// TestWildAccessesEndTheRunOnly runs programs that the verifier would refuse
// in the loop that trusts it.
func TestWildAccessesEndTheRunOnly(t *testing.T) {
	t.Parallel()
	const wild = `
.map counts array key=4 value=8 entries=3
.program read section=socket
    r1 = 0x100000000000 ll
    .line "wild.c" 7 3 "  return *p;"
    r0 = *(u32 *)(r1 +8)
    exit
.program write section=socket
    r6 = 1
    r1 = 0x100000000000 ll
    *(u8 *)(r1 +0) = 1
    exit
.program null section=socket
    r1 = 0
    r0 = *(u64 *)(r1 +16)
    exit
.program atomic section=socket
    r1 = 0x100000000000 ll
    r2 = 1
    lock *(u64 *)(r1 +0) += r2
    exit
.program callback section=socket
    r1 = map[counts] ll
    r2 = each ll
    r3 = 0
    r4 = 0
    call bpf_for_each_map_elem
    exit
.func each
    r0 = *(u64 *)(r4 +0)
    exit
.program argument section=socket
    r1 = map[counts] ll
    r2 = 0x100000000000 ll
    call bpf_map_lookup_elem
    exit
.map table hash key=8 value=8 entries=4
.program routine section=socket
    r0 = 0
    r1 = map[table] ll
    r2 = 0x100000000000 ll
    call bpf_map_lookup_elem
    r0 = 0
    exit
.program good section=socket
    r0 = 7
    exit
`
	for _, engine := range []string{"interp", "jit"} {
		t.Run(engine, func(t *testing.T) { wildAccesses(t, newWorld(t, engine, "wild", []byte(wild), 0)) })
	}
}

func wildAccesses(t *testing.T, w *world) {
	t.Helper()
	r := w.runner(t, 0)
	sizes := map[string]int{"read": 4, "write": 1, "null": 8, "atomic": 8, "callback": 8}
	// Wherever the work is done, the call is to blame.
	var routine *vm.Fault
	if _, err := r.Run(w.progs["routine"], 0); !errors.As(err, &routine) || routine.Insn != 5 || routine.Addr != 0x1000_0000_0000 || !routine.Verified {
		t.Errorf("routine: %v", err)
	}
	for name, want := range map[string]vm.Fault{
		"read":     {Kind: vm.FaultRead, Insn: 2, Addr: 0x1000_0000_0008},
		"write":    {Kind: vm.FaultWrite, Insn: 3, Addr: 0x1000_0000_0000},
		"null":     {Kind: vm.FaultRead, Insn: 1},
		"atomic":   {Kind: vm.FaultWrite, Insn: 3, Addr: 0x1000_0000_0000},
		"callback": {Kind: vm.FaultRead, Insn: 8},
		"argument": {Kind: vm.FaultArg, Insn: 4, Addr: 0x1000_0000_0000},
	} {
		if race && name == "null" {
			continue // the race detector's pointer check ends the process first
		}
		want.Verified = true
		_, err := r.Run(w.progs[name], 0)
		var f *vm.Fault
		if !errors.As(err, &f) {
			t.Errorf("%s: %v, want a fault", name, err)
			continue
		}
		if f.Addr == 16 && name == "null" {
			f.Addr = 0 // Go's panic says nothing of small addresses
		}
		if name == "read" {
			if l := f.Source; l == nil || l.Line != 7 || !strings.Contains(f.Error(), `bad read`) || !strings.Contains(f.Error(), `(wild.c:7: return *p;)`) {
				t.Errorf("%s: %v", name, f)
			}
			f.Source = nil
		}
		if n := sizes[name]; f.Size != 0 && f.Size != n {
			t.Errorf("%s: %d bytes, want %d", name, f.Size, n)
		}
		f.Size = 0
		if *f != want {
			t.Errorf("%s: %+v, want %+v", name, *f, want)
		}
		if r0, err := r.Run(w.progs["good"], 0); r0 != 7 || err != nil {
			t.Errorf("after %s: %d, %v", name, r0, err)
		}
	}
}
