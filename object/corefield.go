package object

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/cilium/ebpf/btf"

	"github.com/skepbpf/skep/image"
)

func itoa(n int) string { return strconv.Itoa(n) }

// step is one named member or array element on the way to a field.
type step struct {
	parent btf.Type // the struct or union of a member
	index  int
	name   string // of a member, "" for elements
}

// field is a place that a path leads to.
type field struct {
	steps  []step
	typ    btf.Type    // of the field, with its qualifiers
	member *btf.Member // nil for array elements and whole types
	bits   uint64      // offset from the start
}

// offLimit keeps offsets far from overflow.
const offLimit = 1 << 40

func (f *field) advance(typ btf.Type, n int) error {
	size, err := btf.Sizeof(typ)
	if err != nil {
		return err
	}
	f.bits += uint64(n) * uint64(size) * 8
	if n < 0 || f.bits > offLimit {
		return errors.New("offset is out of range")
	}
	return nil
}

// localField follows the path of a relocation through the program's own types.
func localField(root btf.Type, path []int) (*field, error) {
	f := &field{typ: root, steps: []step{{index: path[0]}}}
	if err := f.advance(root, path[0]); err != nil {
		return nil, err
	}
	for _, n := range path[1:] {
		t := bare(f.typ)
		if ms, ok := members(t); ok {
			if n >= len(ms) {
				return nil, fmt.Errorf("%s has no member %d", typeName(t), n)
			}
			f.member, f.typ = &ms[n], ms[n].Type
			f.bits += uint64(ms[n].Offset)
			if ms[n].Name != "" {
				f.steps = append(f.steps, step{parent: t, index: n, name: ms[n].Name})
			}
			continue
		}
		arr, ok := t.(*btf.Array)
		if !ok {
			return nil, fmt.Errorf("%s has no parts", typeName(t))
		}
		if n >= int(arr.Nelems) && !isFlexible(f.steps[len(f.steps)-1], arr) {
			return nil, fmt.Errorf("%s has no element %d", typeName(t), n)
		}
		f.member, f.typ = nil, arr.Type
		f.steps = append(f.steps, step{index: n})
		if err := f.advance(arr.Type, n); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// isFlexible reports whether arr, reached by last, is a flexible array: the
// last member of a struct, without a length.
func isFlexible(last step, arr *btf.Array) bool {
	if last.name == "" || arr.Nelems > 0 {
		return false
	}
	ms, _ := members(last.parent)
	return last.index == len(ms)-1
}

// targetField finds the place in root that local describes in the program's
// types, nil if there is none.
func (w *matcher) targetField(local *field, root btf.Type) (*field, error) {
	f := &field{typ: root}
	for i, st := range local.steps {
		t := bare(f.typ)
		if st.name != "" {
			lms, _ := members(st.parent)
			ok, err := f.findMember(t, &lms[st.index], 0, w)
			if err != nil || !ok {
				return nil, err
			}
			continue
		}
		if i > 0 {
			arr, ok := t.(*btf.Array)
			if !ok || (st.index >= int(arr.Nelems) && !isFlexible(f.steps[len(f.steps)-1], arr)) {
				return nil, nil
			}
			f.typ = arr.Type
		}
		f.member = nil
		f.steps = append(f.steps, step{index: st.index})
		if err := f.advance(bare(f.typ), st.index); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// findMember goes to the member of t that has local's name, through anonymous
// structs and unions.
func (f *field) findMember(t btf.Type, local *btf.Member, depth int, w *matcher) (bool, error) {
	ms, ok := members(t)
	if !ok {
		return false, nil
	}
	if depth > maxCOREDepth {
		return false, errCOREDepth
	}
	if err := w.step(len(ms) + 1); err != nil {
		return false, err
	}
	for i := range ms {
		m := &ms[i]
		if m.Name == "" {
			f.bits += uint64(m.Offset)
			if ok, err := f.findMember(bare(m.Type), local, depth+1, w); ok || err != nil {
				return ok, err
			}
			f.bits -= uint64(m.Offset)
			continue
		}
		if m.Name != local.Name {
			continue
		}
		if !fieldsCompatible(local.Type, m.Type) {
			return false, nil
		}
		f.member, f.typ = m, m.Type
		f.bits += uint64(m.Offset)
		f.steps = append(f.steps, step{parent: t, index: i, name: m.Name})
		return true, nil
	}
	return false, nil
}

// coreValue is one side of a relocation.
type coreValue struct {
	val   uint64
	check bool     // the instruction must hold this value before
	size  int      // bytes of a field that is loaded or stored whole, 0 for others
	typ   btf.Type // of that field
}

// fieldValue is what a field relocation of kind asks of f, which is the place
// in the program's or in the target's types.
func fieldValue(kind image.COREKind, f *field, little bool) (coreValue, error) {
	v := coreValue{check: true}
	if f.member == nil {
		size, err := btf.Sizeof(f.typ)
		if err != nil {
			return v, err
		}
		switch kind {
		case image.COREFieldOffset:
			v.val, v.size, v.typ = f.bits/8, size, f.typ
		case image.COREFieldSize:
			v.val = uint64(size)
		default:
			return v, errors.New("is not meant for array elements")
		}
		return v, nil
	}
	byteOff, byteSize, bitSize, err := f.load()
	if err != nil {
		return v, err
	}
	bitfield := f.member.BitfieldSize > 0
	v.check = !bitfield
	switch kind {
	case image.COREFieldOffset:
		v.val = byteOff
		if !bitfield {
			v.size, v.typ = int(byteSize), f.typ
		}
	case image.COREFieldSize:
		v.val = byteSize
	case image.COREFieldSigned:
		v.check = true
		switch t := bare(f.typ).(type) {
		case *btf.Enum:
			v.val = bit(t.Signed)
		case *btf.Int:
			v.val = bit(t.Encoding&btf.Signed != 0)
		}
	case image.COREFieldLShift:
		if little {
			v.val = 64 - (f.bits + bitSize - byteOff*8)
		} else {
			v.val = (8-byteSize)*8 + (f.bits - byteOff*8)
		}
	case image.COREFieldRShift:
		v.val, v.check = 64-bitSize, true
	default:
		return v, fmt.Errorf("kind %d is not known", kind)
	}
	return v, nil
}

// load is the load that reads a field: for bit fields the smallest integer
// that holds all of it.
func (f *field) load() (off, size, bits uint64, err error) {
	n, err := btf.Sizeof(f.typ)
	if err != nil {
		return 0, 0, 0, err
	}
	size, bits = uint64(n), uint64(f.member.BitfieldSize)
	if bits == 0 {
		return f.bits / 8, size, size * 8, nil
	}
	if size == 0 {
		return 0, 0, 0, errors.New("bit field of a type without size")
	}
	off = f.bits / 8 / size * size
	for f.bits+bits-off*8 > size*8 {
		if size >= 8 {
			return 0, 0, 0, errors.New("bit field is too wide for one load")
		}
		size *= 2
		off = f.bits / 8 / size * size
	}
	return off, size, bits, nil
}

func bit(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}
