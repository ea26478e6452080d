package kernel

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"github.com/cilium/ebpf/btf"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/image"
)

// types are the BTF of one program and its maps in the kernel.
type types struct {
	fd  int // 0 for none
	ids *btf.Builder
	// funcs and lines are func_info and line_info, nil for none.
	funcs, lines []byte
	nfuncs       int
	nlines       int
	refused      error // why fd is 0 where there are types
}

const (
	funcInfoSize = 8
	lineInfoSize = 16
)

// loadTypes gives the kernel the types that p and its maps refer to. Ids are
// those of p.Types: code holds some of them as constants (bpf_obj_new).
func loadTypes(p *image.Program) (*types, error) {
	t := &types{ids: &btf.Builder{}}
	if err := t.addSpec(p); err != nil {
		return nil, fmt.Errorf("types: %w", err)
	}
	for _, m := range p.Maps {
		for ; m != nil; m = m.Inner {
			for _, typ := range []btf.Type{m.Key, m.Value} {
				if typ == nil || !hasBTF(m.Type) {
					continue
				}
				if _, err := t.ids.Add(typ); err != nil {
					return nil, fmt.Errorf("types of map %q: %w", m.Name, err)
				}
			}
		}
	}
	if err := t.addFuncs(p); err != nil {
		return nil, fmt.Errorf("types of functions: %w", err)
	}
	if t.ids.Empty() {
		return t, nil
	}
	blob, err := t.ids.Marshal(nil, btf.KernelMarshalOptions())
	if err != nil {
		return nil, fmt.Errorf("types: %w", err)
	}
	if t.nfuncs > 0 {
		blob = t.addLines(blob, p)
	}
	if t.fd, err = loadBTF(blob); err == nil || p.Type == abi.StructOps {
		return t, err
	}
	// As libbpf does it: programs that need no types go without.
	return &types{ids: t.ids, refused: err}, nil
}

// addSpec adds the types of p in the order of their ids. What the kernel would
// refuse and nobody refers to becomes a number of the same id.
func (t *types) addSpec(p *image.Program) error {
	if p.Types == nil {
		return nil
	}
	values := make(map[btf.Type]bool)
	for _, m := range p.Maps {
		for ; m != nil; m = m.Inner {
			values[m.Value] = true
		}
	}
	for id := btf.TypeID(1); ; id++ {
		typ, err := p.Types.TypeByID(id)
		if errors.Is(err, btf.ErrNotFound) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("type %d: %w", id, err)
		}
		got, err := t.ids.Add(acceptable(typ, id, values))
		if err != nil {
			return fmt.Errorf("type %d: %w", id, err)
		}
		if got != id {
			return fmt.Errorf("type %d: gets number %d", id, got)
		}
	}
}

// acceptable is typ, or what stands for it in the kernel, as libbpf does it.
func acceptable(typ btf.Type, id btf.TypeID, values map[btf.Type]bool) btf.Type {
	filler := func() btf.Type {
		return &btf.Int{Name: fmt.Sprintf("unused%d", id), Size: 4, Encoding: btf.Signed}
	}
	switch t := typ.(type) {
	case *btf.Func:
		if t.Linkage != btf.ExternFunc {
			return t
		}
		// Functions of the kernel: their parameters have no names.
		proto, ok := t.Type.(*btf.FuncProto)
		if !ok {
			return filler()
		}
		named := &btf.FuncProto{Return: proto.Return, Params: append([]btf.FuncParam(nil), proto.Params...)}
		for i := range named.Params {
			if named.Params[i].Name == "" && !isVoid(named.Params[i].Type) {
				named.Params[i].Name = fmt.Sprintf("arg%d", i)
			}
		}
		return &btf.Func{Name: t.Name, Type: named, Linkage: btf.GlobalFunc, Tags: t.Tags}
	case *btf.Var:
		if t.Linkage == btf.ExternVar {
			return filler()
		}
	case *btf.Datasec:
		// Only those that are a map's value are laid out, and asked for.
		if !values[t] {
			return filler()
		}
	case *btf.Void, *btf.Int, *btf.Pointer, *btf.Array, *btf.Struct, *btf.Union, *btf.Enum, *btf.Fwd, *btf.Typedef,
		*btf.Volatile, *btf.Const, *btf.Restrict, *btf.FuncProto, *btf.Float, *btf.TypeTag:
	default:
		// A decl tag: those stand at what they tag, and get their ids again.
		return filler()
	}
	return typ
}

func isVoid(t btf.Type) bool {
	_, ok := t.(*btf.Void)
	return ok
}

// addFuncs makes func_info: the type of every function, if the entry has one.
func (t *types) addFuncs(p *image.Program) error {
	if len(p.Funcs) == 0 || p.Funcs[0].Type == nil {
		return nil
	}
	for i := range p.Funcs {
		f := &p.Funcs[i]
		if f.Type == nil {
			continue
		}
		id, err := t.ids.Add(f.Type)
		if err != nil {
			return fmt.Errorf("%q: %w", f.Name, err)
		}
		t.funcs = binary.NativeEndian.AppendUint32(t.funcs, uint32(f.Start))
		t.funcs = binary.NativeEndian.AppendUint32(t.funcs, uint32(id))
		t.nfuncs++
	}
	return nil
}

// addLines makes line_info and adds its texts to the strings of the BTF, which
// are the end of it. A program without a line for each function has none: the
// kernel would refuse it.
func (t *types) addLines(blob []byte, p *image.Program) []byte {
	starts := make(map[int]bool)
	for _, l := range p.Lines {
		starts[l.Slot] = true
	}
	for i := range p.Funcs {
		if !starts[p.Funcs[i].Start] {
			return blob
		}
	}
	const lenAt = 20 // of str_len in struct btf_header
	order := binary.NativeEndian
	strings := order.Uint32(blob[lenAt:])
	known := map[string]uint32{"": 0}
	text := func(s string) uint32 {
		off, ok := known[s]
		if !ok {
			off = strings
			known[s] = off
			blob = append(append(blob, s...), 0)
			strings += uint32(len(s)) + 1
		}
		return off
	}
	last := -1
	for _, l := range p.Lines {
		if l.Slot <= last || l.Slot >= len(p.Insns) || p.Insns[l.Slot].Op == 0 {
			continue
		}
		last = l.Slot
		for _, v := range []uint32{uint32(l.Slot), text(line(l.File)), text(line(l.Text)), uint32(l.Line)<<10 | uint32(l.Column)&0x3ff} {
			t.lines = order.AppendUint32(t.lines, v)
		}
		t.nlines++
	}
	order.PutUint32(blob[lenAt:], strings)
	return blob
}

// line is a text that BTF can hold.
func line(s string) string { return strings.ReplaceAll(s, "\x00", "") }

// id is a type's number, 0 for none.
func (t *types) id(typ btf.Type) uint32 {
	if typ == nil || t.fd == 0 {
		return 0
	}
	id, err := t.ids.Add(typ)
	if err != nil {
		return 0
	}
	return uint32(id)
}

func (t *types) close() {
	if t != nil && t.fd != 0 {
		closeFD(t.fd)
		t.fd = 0
	}
}

// loadBTF loads types and says, where the kernel refuses them, what it says.
func loadBTF(blob []byte) (int, error) {
	load := func(log []byte) (int, abi.Errno) {
		var a attr
		a.ptr(0, blob)
		a.u32(16, uint32(len(blob)))
		if len(log) > 0 {
			a.ptr(8, log)
			a.u32(20, uint32(len(log)))
			a.u32(24, 1)
		}
		return a.call(cmdBTFLoad)
	}
	fd, errno := load(nil)
	if errno == 0 {
		return fd, nil
	}
	log := make([]byte, 1<<20)
	if fd, again := load(log); again == 0 {
		return fd, nil
	}
	if last := LastLine(text(log)); last != "" {
		return 0, fmt.Errorf("the kernel refuses the types: %w: %s", errno, last)
	}
	return 0, fmt.Errorf("the kernel refuses the types: %w", errno)
}

// text is what stands in a buffer up to the first zero byte.
func text(b []byte) string {
	if n := bytes.IndexByte(b, 0); n >= 0 {
		b = b[:n]
	}
	return strings.ToValidUTF8(string(b), "?")
}
