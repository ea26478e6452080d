package object

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// BTF kinds, as in struct btf_type.
const (
	btfPtr       = 2
	btfArray     = 3
	btfStruct    = 4
	btfUnion     = 5
	btfTypedef   = 8
	btfVolatile  = 9
	btfConst     = 10
	btfRestrict  = 11
	btfFunc      = 12
	btfFuncProto = 13
	btfVar       = 14
	btfDatasec   = 15
	btfTypeTag   = 18
)

// maxBTFDepth is how deep decoding may recurse: a thread's stack is limited,
// and running out of it cannot be recovered. Objects need 64, a kernel's own
// types 223.
const maxBTFDepth = 1 << 12

// btfGraph is the raw types of a .BTF section, and which refers to which.
type btfGraph struct {
	order binary.ByteOrder
	data  []byte
	offs  []uint32 // by type id; [0] is void
}

// readTypes finds the types in a section's type part.
func readTypes(data []byte, order binary.ByteOrder) (*btfGraph, error) {
	g := &btfGraph{order: order, data: data, offs: make([]uint32, 1, len(data)/16+1)}
	for off := 0; off < len(data); {
		if len(g.offs) > maxBTFTypes {
			return nil, fmt.Errorf("more than %d types", maxBTFTypes)
		}
		size, err := btfTypeSize(data[off:], order)
		if err != nil {
			return nil, fmt.Errorf("type %d: %w", len(g.offs), err)
		}
		g.offs = append(g.offs, uint32(off))
		off += size
	}
	return g, nil
}

// btfTypeSize is the size of the type at the start of b.
func btfTypeSize(b []byte, order binary.ByteOrder) (int, error) {
	if len(b) < 12 {
		return 0, errors.New("is cut off")
	}
	info := order.Uint32(b[4:])
	vlen := int(info & 0xffff)
	size := 12
	switch info >> 24 & 0x1f {
	case 1, btfVar, 17: // int, var, decl tag
		size += 4
	case btfArray:
		size += 12
	case btfStruct, btfUnion, btfDatasec, 19: // and enum64
		size += 12 * vlen
	case 6, btfFuncProto: // and enum
		size += 8 * vlen
	}
	if size > len(b) {
		return 0, errors.New("is cut off")
	}
	return size, nil
}

func (g *btfGraph) word(off uint32) uint32 { return g.order.Uint32(g.data[off:]) }

func (g *btfGraph) kind(id int) uint32 { return g.word(g.offs[id]+4) >> 24 & 0x1f }

// child is the i-th type that the type with an id refers to, in the order in
// which a decoder follows them. ok is false after the last one.
func (g *btfGraph) child(id, i int) (child uint32, ok bool) {
	off := g.offs[id]
	vlen := int(g.word(off+4) & 0xffff)
	switch g.kind(id) {
	case btfPtr, btfTypedef, btfVolatile, btfConst, btfRestrict, btfFunc, btfVar, btfTypeTag:
		return g.word(off + 8), i == 0
	case btfArray:
		if i >= 2 {
			return 0, false
		}
		return g.word(off + 16 - 4*uint32(i)), true
	case btfStruct, btfUnion:
		if i >= vlen {
			return 0, false
		}
		return g.word(off + 16 + 12*uint32(i)), true
	case btfDatasec:
		if i >= vlen {
			return 0, false
		}
		return g.word(off + 12 + 12*uint32(i)), true
	case btfFuncProto:
		if i < vlen {
			return g.word(off + 16 + 8*uint32(i)), true
		}
		return g.word(off + 8), i == vlen
	}
	return 0, false
}

// depth is how deep a decoder recurses that decodes all types by rising id.
func (g *btfGraph) depth() int {
	type frame struct{ id, next int }
	seen := make([]bool, len(g.offs))
	deepest := 0
	var stack []frame
	for id := 1; id < len(g.offs); id++ {
		if seen[id] {
			continue
		}
		seen[id] = true
		stack = append(stack[:0], frame{id: id})
		for len(stack) > 0 {
			deepest = max(deepest, len(stack))
			top := &stack[len(stack)-1]
			c, ok := g.child(top.id, top.next)
			top.next++
			if !ok {
				stack = stack[:len(stack)-1]
			} else if c > 0 && int64(c) < int64(len(g.offs)) && !seen[c] {
				seen[c] = true
				stack = append(stack, frame{id: int(c)})
			}
		}
	}
	return deepest
}
