package verifier

import (
	"strings"

	"github.com/cilium/ebpf/btf"

	"github.com/skepbpf/skep/abi"
)

// findKsym finds a kernel variable or function, nil for a weak one that the
// kernel lacks.
func (v *verifier) findKsym(index int) (btf.Type, error) {
	if index < 0 || index >= len(v.prog.Ksyms) {
		return nil, v.reject(CodeBTF, abi.ENOENT, "ldimm64 insn specifies invalid btf_id %d.", index)
	}
	k := &v.prog.Ksyms[index]
	if k.Weak && k.ID == 0 {
		return nil, nil // a program runs with NULL then
	}
	name, _, _ := strings.Cut(k.Name, "___")
	t := v.kernelSymbol(name)
	if t == nil {
		return nil, v.reject(CodeBTF, abi.ENOENT, "ldimm64 failed to find the address for kernel symbol '%s'.", k.Name)
	}
	if v.opts.Symbol != nil {
		if _, ok := v.opts.Symbol(name); !ok {
			return nil, v.reject(CodeBTF, abi.ENOENT, "ldimm64 failed to find the address for kernel symbol '%s'.", name)
		}
	}
	return t, nil
}

// kernelSymbol is the kernel's variable or function of a name, nil if it has
// none.
func (v *verifier) kernelSymbol(name string) btf.Type {
	if v.kernel() == nil {
		return nil
	}
	var x *btf.Var
	if v.kernel().TypeByName(name, &x) == nil {
		return x
	}
	var f *btf.Func
	if v.kernel().TypeByName(name, &f) == nil {
		return f
	}
	return nil
}

// loadKsym makes register n the address of a kernel variable or function.
//
// Linux 6.18: a variable that is a struct is a BTF pointer, to one CPU's copy
// if it is in a per-CPU section; any other is read-only memory of its size. A
// function, which is there to be compared with NULL, is memory without bytes.
func (v *verifier) loadKsym(n, index int) error {
	t, err := v.findKsym(index)
	if err != nil {
		return err
	}
	r := v.reg(n)
	if t == nil {
		r.setConst(0)
		return nil
	}
	x, ok := t.(*btf.Var)
	if !ok {
		r.setPointer(ptMem | fReadOnly)
		return nil
	}
	target := bare(x.Type)
	_, _, _, isStruct := fieldsOf(target)
	switch {
	case v.perCPUVars()[x.Name]:
		r.setPointer(ptBTF | fPerCPU)
		r.arg = v.typeID(target, kernelType)
	case isStruct:
		r.setPointer(ptBTF)
		r.arg = v.typeID(target, kernelType)
	default:
		size, err := btf.Sizeof(target)
		if err != nil {
			return v.reject(CodeBTF, abi.EINVAL, "ldimm64 unable to resolve the size of type '%s': -22", rawName(target))
		}
		r.setPointer(ptMem | fReadOnly)
		r.arg = uint32(size)
	}
	return nil
}

// perCPUVars are the names of the kernel's per-CPU variables.
func (v *verifier) perCPUVars() map[string]bool {
	if v.perCPU != nil {
		return v.perCPU
	}
	v.perCPU = make(map[string]bool)
	var sec *btf.Datasec
	if v.kernel().TypeByName(".data..percpu", &sec) == nil {
		for i := range sec.Vars {
			if x, ok := sec.Vars[i].Type.(*btf.Var); ok {
				v.perCPU[x.Name] = true
			}
		}
	}
	return v.perCPU
}
