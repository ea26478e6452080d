package object

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/cilium/ebpf/btf"

	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/isa"
)

// corePoison is the helper number that stands where a relocation has no
// target, as libbpf writes it: harmless in dead code, refused elsewhere.
const corePoison = 195896080 // 0xbad2310

// coreTarget holds programs' types against a kernel's.
type coreTarget struct {
	kernel  *btf.Spec
	modules []*btf.Spec
	little  bool
	cands   map[string][]candidate
	matcher
	// fit are the candidates that all relocations of a program's type so far
	// have fitted: one kernel type must do for the whole program.
	fit map[btf.TypeID][]candidate
}

type candidate struct {
	typ  btf.Type
	spec *btf.Spec
}

// coreResult is what a relocation makes of an instruction.
type coreResult struct {
	local, target coreValue
	poison        bool
	// badSize is set where a load of the local type would not read the
	// target's value: poison for loads and stores.
	badSize bool
}

// candidates are the kernel's types of the name of t and of its kind.
func (c *coreTarget) candidates(t btf.Type) ([]candidate, error) {
	name := essential(t.TypeName())
	all, ok := c.cands[name]
	if !ok {
		for i, spec := range append([]*btf.Spec{c.kernel}, c.modules...) {
			if spec == nil || (i > 0 && len(all) > 0) {
				continue // modules count only where the kernel has nothing
			}
			types, err := typesByEssential(spec.TypesByName, name)
			if err != nil && !errors.Is(err, btf.ErrNotFound) {
				return nil, err
			}
			for _, typ := range types {
				all = append(all, candidate{typ, spec})
			}
		}
		c.cands[name] = all
	}
	var out []candidate
	for _, cand := range all {
		if sameKind(t, cand.typ) && essential(cand.typ.TypeName()) == name {
			out = append(out, cand)
		}
	}
	return out, nil
}

// typesByEssential calls Spec.TypesByName, whose parameter has a type that
// other packages cannot name.
func typesByEssential[N ~string](find func(N) ([]btf.Type, error), name string) ([]btf.Type, error) {
	return find(N(name))
}

// resolve finds what relo becomes on the target. Where several of the
// kernel's types fit, they must agree.
func (c *coreTarget) resolve(relo *image.CORERelo) (*coreResult, error) {
	if len(relo.Access) == 0 {
		return nil, errors.New("has no access path")
	}
	switch relo.Kind {
	case image.CORETypeIDLocal:
		id := coreValue{val: uint64(relo.TypeID)}
		return &coreResult{local: id, target: id}, nil
	case image.CORETypeIDTarget, image.CORETypeExists, image.CORETypeSize, image.CORETypeMatches:
		if len(relo.Access) != 1 || relo.Access[0] != 0 {
			return nil, fmt.Errorf("access path %s of a whole type", pathText(relo.Access))
		}
	}
	if err := c.step(len(relo.Access)); err != nil {
		return nil, err
	}
	if relo.Type == nil || relo.Type.TypeName() == "" {
		return nil, errors.New("a type without name cannot be looked up")
	}
	if c.kernel == nil {
		return nil, errors.New("needs the kernel's types (BTF)")
	}
	cands, err := c.candidates(relo.Type)
	if err != nil {
		return nil, err
	}
	local, err := c.localSide(relo)
	if err != nil {
		return nil, err
	}
	if fit, ok := c.fit[relo.TypeID]; ok {
		cands = fit
	}
	var found *coreResult
	var fit []candidate
	var place uint64
	for _, cand := range cands {
		res, bits, err := c.try(relo, local, cand)
		if err != nil {
			return nil, err
		}
		if res == nil {
			continue
		}
		fit = append(fit, cand)
		if found == nil {
			found, place = res, bits
			continue
		}
		if bits != place || res.target.val != found.target.val || res.poison != found.poison {
			return nil, errors.New("the kernel has several types of that name that do not agree")
		}
	}
	if found == nil {
		return c.missing(relo, local), nil
	}
	c.fit[relo.TypeID] = fit
	return found, nil
}

// localSide is what the program's own types say: a *field, an enumerator or
// nothing.
type localSide struct {
	field *field
	enum  *btf.EnumValue
	value coreValue
}

func (c *coreTarget) localSide(relo *image.CORERelo) (l localSide, err error) {
	switch relo.Kind {
	case image.COREEnumExists, image.COREEnumValue:
		e, ok := bare(relo.Type).(*btf.Enum)
		if !ok || len(relo.Access) != 1 || relo.Access[0] >= len(e.Values) {
			return l, fmt.Errorf("%s has no enumerator %s", typeName(relo.Type), pathText(relo.Access))
		}
		l.enum = &e.Values[relo.Access[0]]
		l.value = coreValue{val: 1, check: true}
		if relo.Kind == image.COREEnumValue {
			l.value = enumValue(e, l.enum)
		}
	case image.CORETypeExists, image.CORETypeMatches:
		l.value = coreValue{val: 1, check: true}
	case image.CORETypeIDTarget:
		l.value = coreValue{val: uint64(relo.TypeID)}
	case image.CORETypeSize:
		n, err := btf.Sizeof(relo.Type)
		if err != nil {
			return l, err
		}
		l.value = coreValue{val: uint64(n), check: true}
	default:
		if l.field, err = localField(relo.Type, relo.Access); err != nil {
			return l, err
		}
		l.value = coreValue{val: 1, check: true}
		if relo.Kind != image.COREFieldExists {
			l.value, err = fieldValue(relo.Kind, l.field, c.little)
		}
	}
	return l, err
}

// enumValue is an enumerator's value, sign-extended where the type is signed.
func enumValue(e *btf.Enum, v *btf.EnumValue) coreValue {
	val := v.Value
	if e.Signed && e.Size == 4 {
		val = uint64(int64(int32(val)))
	}
	return coreValue{val: val, check: true}
}

// missing is the result where the kernel has nothing that fits.
func (c *coreTarget) missing(relo *image.CORERelo, l localSide) *coreResult {
	res := &coreResult{local: l.value}
	switch relo.Kind {
	case image.COREFieldExists, image.CORETypeExists, image.CORETypeMatches, image.COREEnumExists,
		image.CORETypeSize, image.CORETypeIDTarget:
	default:
		res.poison = true
	}
	return res
}

// try holds relo against one type of the kernel; nil if it does not fit.
func (c *coreTarget) try(relo *image.CORERelo, l localSide, cand candidate) (*coreResult, uint64, error) {
	res := &coreResult{local: l.value, target: coreValue{val: 1}}
	switch relo.Kind {
	case image.CORETypeMatches:
		ok, err := c.match(relo.Type, cand.typ, false, maxCOREDepth)
		if err != nil || !ok {
			return nil, 0, err
		}
		return res, 0, nil
	case image.CORETypeIDTarget, image.CORETypeExists, image.CORETypeSize:
		ok, err := c.typesCompatible(relo.Type, cand.typ)
		if err != nil || !ok {
			return nil, 0, err
		}
		switch relo.Kind {
		case image.CORETypeIDTarget:
			id, err := cand.spec.TypeID(cand.typ)
			if err != nil {
				return nil, 0, err
			}
			res.target.val = uint64(id)
		case image.CORETypeSize:
			n, err := btf.Sizeof(cand.typ)
			if err != nil {
				return nil, 0, err
			}
			res.target.val = uint64(n)
		}
		return res, 0, nil
	case image.COREEnumExists, image.COREEnumValue:
		e, ok := bare(cand.typ).(*btf.Enum)
		if !ok {
			return nil, 0, nil
		}
		for i := range e.Values {
			if essential(e.Values[i].Name) != essential(l.enum.Name) {
				continue
			}
			if relo.Kind == image.COREEnumValue {
				res.target = enumValue(e, &e.Values[i])
			}
			return res, 0, nil
		}
		return nil, 0, nil
	}
	f, err := c.targetField(l.field, cand.typ)
	if err != nil || f == nil {
		return nil, 0, err
	}
	if relo.Kind == image.COREFieldExists {
		return res, f.bits, nil
	}
	if res.target, err = fieldValue(relo.Kind, f, c.little); err != nil {
		return nil, 0, err
	}
	res.badSize = res.local.size != res.target.size && !canResize(res.local.typ, res.target.typ)
	return res, f.bits, nil
}

// canResize reports whether a load may change its width: zero extension keeps
// the value of pointers and unsigned integers.
func canResize(local, target btf.Type) bool {
	switch l := bare(local).(type) {
	case *btf.Pointer:
		return is[*btf.Pointer](bare(target))
	case *btf.Int:
		t, ok := bare(target).(*btf.Int)
		return ok && l.Encoding&btf.Signed == 0 && t.Encoding&btf.Signed == 0
	}
	return false
}

// patch writes the result of a relocation into the instruction at slot.
func (r *coreResult) patch(insns []isa.Insn, slot int) error {
	if slot < 0 || slot >= len(insns) {
		return errors.New("lies outside of the program")
	}
	in := &insns[slot]
	wide := in.IsWide()
	if wide && slot+1 >= len(insns) {
		return errors.New("64-bit immediate without its second half")
	}
	class := in.Op.Class()
	isMem := class == isa.ClassLdx || class == isa.ClassSt || class == isa.ClassStx
	if r.poison || (isMem && r.badSize) {
		*in = isa.Insn{Op: isa.CallOp, Imm: corePoison}
		if wide {
			insns[slot+1] = *in
		}
		return nil
	}
	old, val := r.local.val, r.target.val
	mismatch := func(got uint64) error {
		return fmt.Errorf("holds %d where the program's types say %d", got, old)
	}
	switch {
	case class == isa.ClassAlu || class == isa.ClassAlu64:
		if in.Op.IsX() {
			return errors.New("the operand is a register, not an immediate")
		}
		if r.local.check && uint32(in.Imm) != uint32(old) {
			return mismatch(uint64(uint32(in.Imm)))
		}
		in.Imm = int32(val)
	case isMem:
		if r.local.check && uint64(uint16(in.Off)) != old {
			return mismatch(uint64(uint16(in.Off)))
		}
		if val > math.MaxInt16 {
			return fmt.Errorf("offset %d does not fit", val)
		}
		in.Off = int16(val)
		if r.local.size != r.target.size {
			return resize(in, r.local.size, r.target.size)
		}
	case wide:
		if got := in.Imm64(insns[slot+1]); r.local.check && got != old {
			return mismatch(got)
		}
		in.Imm, insns[slot+1].Imm = int32(uint32(val)), int32(uint32(val>>32))
	default:
		return fmt.Errorf("instruction %#02x cannot be relocated", uint8(in.Op))
	}
	return nil
}

// resize changes the width of a load or store.
func resize(in *isa.Insn, from, to int) error {
	if in.Op.Size().Bytes() != from {
		return fmt.Errorf("accesses %d bytes of a field of %d", in.Op.Size().Bytes(), from)
	}
	sizes := map[int]isa.Size{1: isa.SizeB, 2: isa.SizeH, 4: isa.SizeW, 8: isa.SizeDW}
	size, ok := sizes[to]
	if !ok {
		return fmt.Errorf("no access has %d bytes", to)
	}
	in.Op = in.Op&^0x18 | isa.Op(size)
	return nil
}

// newCORE is a coreTarget for programs of the given byte order.
func newCORE(t *Target, order binary.ByteOrder) *coreTarget {
	return &coreTarget{
		kernel: t.KernelTypes, modules: t.ModuleTypes,
		little: order != binary.BigEndian, cands: make(map[string][]candidate),
	}
}
