package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/cilium/ebpf/btf"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/object"
)

// absent says what a program needs that the kernel types do not have: a symbol,
// or what it attaches to; "" if there is all. Linux and libbpf cannot load such a
// program, so that there is no verdict to expect.
func absent(p *image.Program, kernel *kernelTypes) string {
	if errors.Is(p.Err, object.ErrMissing) {
		return p.Err.Error()
	}
	types, err := kernel.spec()
	if err != nil || p.AttachTo == "" {
		return ""
	}
	var typ btf.Type
	name := p.AttachTo
	switch {
	case p.Type == abi.StructOps:
		name, _, _ = strings.Cut(name, ":")
		typ, err = lookUp[*btf.Struct](types, name)
	case p.Type == abi.LSM:
		typ, err = lookUp[*btf.Func](types, prefixed("bpf_lsm_", name))
	case p.Type != abi.Tracing:
		return ""
	case p.Attach == abi.AttachTraceRawTP:
		typ, err = lookUp[*btf.Typedef](types, prefixed("btf_trace_", name))
	case p.Attach == abi.AttachTraceIter:
		typ, err = lookUp[*btf.Func](types, prefixed("bpf_iter_", name))
	default:
		typ, err = lookUp[*btf.Func](types, name)
	}
	if err != nil || typ == nil {
		return fmt.Sprintf("attach target %q: the kernel's types have no such %s", name, targetKind(p))
	}
	return ""
}

func lookUp[T btf.Type](types *btf.Spec, name string) (btf.Type, error) {
	var t T
	err := types.TypeByName(name, &t)
	return t, err
}

func prefixed(prefix, name string) string { return prefix + strings.TrimPrefix(name, prefix) }

// targetKind is what a program's attach target is.
func targetKind(p *image.Program) string {
	switch {
	case p.Type == abi.StructOps:
		return "struct"
	case p.Type == abi.LSM:
		return "hook"
	case p.Attach == abi.AttachTraceRawTP:
		return "tracepoint"
	case p.Attach == abi.AttachTraceIter:
		return "iterator"
	}
	return "function"
}
