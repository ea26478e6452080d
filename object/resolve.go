package object

import (
	"errors"
	"fmt"

	"github.com/cilium/ebpf/btf"

	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/isa"
)

// kfuncPoison is the first of the helper numbers that stand for weak kernel
// functions which the target lacks, as libbpf writes them.
const kfuncPoison = 2002000000

// ErrMissing is what the error of a program matches that needs a symbol which
// the target does not have.
var ErrMissing = errors.New("not in the target kernel")

// missing is an error that matches ErrMissing and says what is missing.
type missing string

func (m missing) Error() string { return string(m) }

// Is reports whether err is ErrMissing.
func (missing) Is(err error) bool { return err == ErrMissing }

// Target is what an object's programs are fitted to. HostTarget is the machine
// that this runs on; the zero value is a kernel of which nothing is known.
type Target struct {
	// KernelTypes is the kernel's BTF, nil if it has none.
	KernelTypes *btf.Spec
	// ModuleTypes are the BTF of modules, split from KernelTypes.
	ModuleTypes []*btf.Spec
	// KernelVersion is the release as LINUX_VERSION_CODE has it:
	// major<<16 | minor<<8 | patch. 0 if not known.
	KernelVersion uint32
	// Kconfig is the kernel's configuration: values as in the file, with the
	// quotes of strings. It is called only for objects that read it.
	Kconfig func() (map[string]string, error)
	// Symbol is the address of a kernel symbol.
	Symbol func(name string) (uint64, bool)
	// SyscallWrapper says whether system calls take their arguments in a
	// pt_regs (LINUX_HAS_SYSCALL_WRAPPER).
	SyscallWrapper bool
}

// Resolve fits c to the target: it fills in configuration values, resolves
// kernel symbols and functions, and relocates field accesses (CO-RE). c is not
// changed. A program that does not fit has its Err set and does not affect the
// others.
//
// As with libbpf, what is missing from the target does not count while it is
// not reached: a field that the kernel lacks becomes an instruction that the
// verifier refuses, and accepts in dead code.
func Resolve(c *image.Collection, t *Target) *image.Collection {
	if t == nil {
		t = &Target{}
	}
	out := c.Clone()
	r := &resolver{target: t, core: newCORE(t, c.ByteOrder)}
	kerr := r.fillKconfig(out)
	for _, p := range out.Programs {
		if p.Err == nil {
			p.Err = r.program(p, kerr)
		}
	}
	return out
}

type resolver struct {
	target *Target
	core   *coreTarget
}

func (r *resolver) program(p *image.Program, kerr error) error {
	if kerr != nil {
		for _, m := range p.Maps {
			if m.Section == image.KconfigSection {
				return kerr
			}
		}
	}
	r.core.fit = make(map[btf.TypeID][]candidate)
	for i := range p.CORE {
		relo := &p.CORE[i]
		res, err := r.core.resolve(relo)
		if err == nil {
			err = res.patch(p.Insns, relo.Slot)
		}
		if err != nil {
			return fmt.Errorf("insn %d: CO-RE relocation of %s at %s: %w",
				relo.Slot, typeName(relo.Type), pathText(relo.Access), err)
		}
	}
	for _, ext := range p.Extern {
		if err := r.extern(p, ext); err != nil {
			return fmt.Errorf("insn %d: extern %q: %w", ext.Slot, ext.Name, err)
		}
	}
	p.CORE, p.Extern = nil, nil
	return nil
}

// extern resolves one reference to a kernel symbol.
func (r *resolver) extern(p *image.Program, ext image.ExternRelo) error {
	in := &p.Insns[ext.Slot]
	switch ext.Kind {
	case image.ExternKsym:
		var addr uint64
		ok := false
		if r.target.Symbol != nil {
			addr, ok = r.target.Symbol(ext.Name)
		}
		if !ok {
			if !ext.Weak {
				return missing("the kernel has no such symbol")
			}
			addr = 0
		}
		in.Imm, p.Insns[ext.Slot+1].Imm = int32(uint32(addr)), int32(uint32(addr>>32))
	case image.ExternTyped:
		ks := &p.Ksyms[in.Imm]
		if err := r.ksym(ks); err != nil {
			return err
		}
		if ks.ID == 0 { // a weak one: its address is null
			*in = in.WithRegs(in.Dst(), 0)
			in.Imm, p.Insns[ext.Slot+1].Imm = 0, 0
		}
	case image.ExternKfunc:
		kf := &p.Kfuncs[in.Imm]
		if err := r.kfunc(kf); err != nil {
			return err
		}
		if kf.ID == 0 {
			*in = isa.Insn{Op: isa.CallOp, Imm: kfuncPoison + in.Imm}
		}
	}
	return nil
}

// ksym finds a kernel variable, or a function whose address is taken.
func (r *resolver) ksym(ks *image.Ksym) (err error) {
	if ks.ID != 0 {
		return nil
	}
	if fn, ok := ks.Type.(*btf.Func); ok {
		ks.ID, ks.Target, err = findKernel(r, ks.Name, ks.Weak, func(t *btf.Func) (bool, error) {
			return r.core.typesCompatible(fn.Type, t.Type)
		})
		return err
	}
	ks.ID, ks.Target, err = findKernel(r, ks.Name, ks.Weak, func(t *btf.Var) (bool, error) {
		return r.core.typesCompatible(bare(ks.Type), bare(t.Type))
	})
	return err
}

func (r *resolver) kfunc(kf *image.Kfunc) (err error) {
	if kf.ID != 0 {
		return nil
	}
	kf.ID, kf.Target, err = findKernel(r, kf.Name, kf.Weak, func(t *btf.Func) (bool, error) {
		if kf.Type == nil {
			return true, nil
		}
		return r.core.typesCompatible(kf.Type.Type, t.Type)
	})
	return err
}

// findKernel finds a function or variable in the kernel's BTF: 0 for a weak
// one that is not there.
func findKernel[T btf.Type](r *resolver, name string, weak bool, fits func(T) (bool, error)) (btf.TypeID, *btf.Spec, error) {
	for _, spec := range append([]*btf.Spec{r.target.KernelTypes}, r.target.ModuleTypes...) {
		if spec == nil {
			continue
		}
		types, err := spec.AnyTypesByName(essential(name))
		if errors.Is(err, btf.ErrNotFound) {
			continue
		}
		if err != nil {
			return 0, nil, err
		}
		for _, typ := range types {
			t, ok := typ.(T)
			if !ok {
				continue
			}
			ok, err := fits(t)
			if err != nil {
				return 0, nil, err
			}
			if ok {
				id, err := spec.TypeID(typ)
				return id, spec, err
			}
			if weak && is[*btf.Func](typ) {
				return 0, nil, nil
			}
			return 0, nil, fmt.Errorf("its type does not fit the kernel's: %v", typ)
		}
	}
	if weak {
		return 0, nil, nil
	}
	if r.target.KernelTypes == nil {
		return 0, nil, missing("needs the kernel's types (BTF)")
	}
	return 0, nil, missing("the kernel's types have no such symbol")
}
