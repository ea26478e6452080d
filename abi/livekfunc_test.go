//go:build linux

package abi_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/cilium/ebpf/btf"

	"github.com/skepbpf/skep/abi"
)

// kernelKfunc is a kernel function that the running kernel's BTF tags as
// callable.
type kernelKfunc struct {
	id    btf.TypeID
	proto *btf.FuncProto
	tags  []string
}

// forKernelTests are functions that exist for the tests of the kernel itself.
var forKernelTests = []string{"bpf_fentry_test", "bpf_modify_return_test", "bpf_kfunc_call_"}

func kernelKfuncs(t *testing.T) map[string]kernelKfunc {
	t.Helper()
	spec, err := btf.LoadKernelSpec()
	if err != nil {
		t.Skip("kernel BTF:", err)
	}
	found := map[string]kernelKfunc{}
	for typ, err := range spec.All() {
		if err != nil {
			t.Fatal(err)
		}
		fn, ok := typ.(*btf.Func)
		if !ok || !slices.Contains(fn.Tags, "bpf_kfunc") ||
			slices.ContainsFunc(forKernelTests, func(p string) bool { return strings.HasPrefix(fn.Name, p) }) {
			continue
		}
		id, err := spec.TypeID(fn)
		if err != nil {
			t.Fatal(err)
		}
		found[fn.Name] = kernelKfunc{id, fn.Type.(*btf.FuncProto), fn.Tags}
	}
	if len(found) < 100 {
		t.Skipf("kernel BTF tags only %d functions as callable", len(found))
	}
	return found
}

// Names, types and sizes of arguments and results are those of the running
// kernel's BTF.
func TestKfuncsAgainstBTF(t *testing.T) {
	t.Parallel()
	needLive(t)
	for name, k := range kernelKfuncs(t) {
		row := abi.KfuncByName(name)
		if row == nil {
			t.Errorf("%s: no row", name)
			continue
		}
		if len(row.Args) != len(k.proto.Params) {
			t.Errorf("%s: %d arguments, kernel has %d", name, len(row.Args), len(k.proto.Params))
			continue
		}
		if row.Has(abi.KfFastcall) != slices.Contains(k.tags, "bpf_fastcall") {
			t.Errorf("%s: fastcall %v, kernel %v", name, row.Has(abi.KfFastcall), k.tags)
		}
		for i, p := range k.proto.Params {
			checkKfuncArg(t, name, row.Args[i], p.Name, p.Type)
		}
		if _, void := btf.UnderlyingType(k.proto.Return).(*btf.Void); void != (row.Ret.Kind == abi.KindVoid) {
			t.Errorf("%s: returns %v, kernel %v", name, row.Ret, k.proto.Return)
		} else if !void {
			checkKfuncArg(t, name+" result", row.Ret, "", k.proto.Return)
		}
	}
}

func checkKfuncArg(t *testing.T, where string, a abi.KfuncArg, name string, typ btf.Type) {
	t.Helper()
	target, constant := pointee(typ)
	if a.Name != name || (target != nil) != (strings.HasSuffix(a.Type, "*") || a.Kind == abi.KindCallback) {
		t.Errorf("%s: %+v, kernel has %s of %v", where, a, name, typ)
	}
	if size, _ := btf.Sizeof(typ); target == nil && a.Size != uint32(size) && a.Kind != abi.KindCallback {
		t.Errorf("%s %s: %d bytes, kernel has %d", where, name, a.Size, size)
	}
	if s, ok := target.(*btf.Struct); ok && a.Struct != "" && a.Struct != s.Name {
		t.Errorf("%s %s: struct %s, kernel has %s", where, name, a.Struct, s.Name)
	}
	if constant != a.Const && name != "" {
		t.Errorf("%s %s: const %v, kernel %v", where, name, a.Const, constant)
	}
	suffixes := map[string]bool{
		"__k": a.Kind == abi.KindConst, "__sz": a.Kind == abi.KindSize, "__szk": a.Kind == abi.KindConstSize,
		"__alloc": a.Kind == abi.KindAlloc, "__refcounted_kptr": a.Kind == abi.KindRefcounted,
		"__map": a.Kind == abi.KindMap, "__str": a.Kind == abi.KindStr, "__ign": a.Kind == abi.KindIgnore,
		"__prog": a.Kind == abi.KindProg, "__irq_flag": a.Kind == abi.KindIRQFlag,
		"__uninit": a.Uninit,
	}
	for suffix, marked := range suffixes {
		if name != "" && strings.HasSuffix(name, suffix) != marked {
			t.Errorf("%s %s: suffix %s, row %+v", where, name, suffix, a)
		}
	}
}

// Every kernel function is open to exactly the program types that may call it
// on the running kernel, and demands a sleepable program where that does.
func TestKfuncsAgainstKernel(t *testing.T) {
	t.Parallel()
	needLive(t)
	funcs := kernelKfuncs(t)
	for pt := abi.SocketFilter; pt <= abi.Netfilter; pt++ {
		list := attaches(pt)
		if len(list) == 0 {
			continue // does not load without a target
		}
		if pt == abi.Kprobe {
			list = append(list[:1:1], abi.AttachTraceKprobeSession)
		} else {
			list = list[:1]
		}
		for _, at := range list {
			for name, k := range funcs {
				checkKfunc(t, name, k, pt, at)
			}
		}
	}
}

func checkKfunc(t *testing.T, name string, k kernelKfunc, pt abi.ProgType, at abi.AttachType) {
	t.Helper()
	row := abi.KfuncByName(name)
	if row == nil || row.DevBound {
		return
	}
	p := liveProg{typ: uint32(pt), attach: uint32(at), flags: liveFlags(pt),
		insns: []slot{{op: 0x85, regs: 0x20, imm: int32(k.id)}, {op: 0xb7}, {op: 0x95}}}
	_, log := p.load()
	known := !strings.Contains(log, "is not allowed")
	if want := row.Allows(pt, at); known != want {
		t.Errorf("%s in %v, %v: kernel %v, table %v", name, pt, at, known, want)
		return
	}
	if !known || pt == abi.Syscall {
		return
	}
	if sleeps := strings.Contains(log, "must be sleepable"); sleeps != row.Has(abi.KfSleepable) {
		t.Errorf("%s in %v: kernel sleepable %v, table %v", name, pt, sleeps, row.Has(abi.KfSleepable))
	}
}

// Functions that take numbers only return what the table says.
func TestKfuncResultsAgainstKernel(t *testing.T) {
	t.Parallel()
	needLive(t)
	tried := 0
	for name, k := range kernelKfuncs(t) {
		row := abi.KfuncByName(name)
		if row == nil || row.DevBound || !row.Allows(abi.Syscall, 0) || row.Ret.Kind == abi.KindVoid ||
			slices.ContainsFunc(row.Args, func(a abi.KfuncArg) bool { return a.Kind != abi.KindScalar && a.Kind != abi.KindIgnore }) {
			continue
		}
		tried++
		p := liveProg{typ: uint32(abi.Syscall), flags: uint32(abi.Sleepable), level: 2}
		for r := range row.Args {
			p.insns = append(p.insns, slot{op: 0xb7, regs: uint8(r + 1), imm: 1})
		}
		p.insns = append(p.insns, slot{op: 0x85, regs: 0x20, imm: int32(k.id)}, slot{op: 0x95})
		_, log := p.load()
		_, state, ok := strings.Cut(log, "; R0=")
		if !ok {
			t.Errorf("%s: no result in the log:\n%s", name, log)
			continue
		}
		state, _, _ = strings.Cut(state, "\n")
		for what, want := range map[string]bool{
			"or_null_": row.Has(abi.KfRetNull), "ref_obj_id": row.Has(abi.KfAcquire),
			"scalar": row.Ret.Kind == abi.KindScalar, row.Ret.Struct: true,
		} {
			if strings.Contains(state, what) != want {
				t.Errorf("%s: %q expected %v in the result %s", name, what, want, state)
			}
		}
	}
	if tried < 15 {
		t.Errorf("only %d functions tried", tried)
	}
}
