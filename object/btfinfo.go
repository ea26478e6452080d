package object

import (
	"bytes"
	"cmp"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/cilium/ebpf/btf"

	"github.com/skepbpf/skep/image"
)

// rawBTF is the part of a .BTF section that btf.Spec does not give out.
type rawBTF struct {
	order   binary.ByteOrder
	strings []byte
	count   int // of types, with void
	// named are the first functions, variables and data sections by name.
	// Spec's own index takes long where hostile names are alike.
	named map[kindName]btf.TypeID
}

type kindName struct {
	kind uint32
	name string
}

// text is the string at off.
func (b *rawBTF) text(off uint32) (string, error) {
	if uint64(off) >= uint64(len(b.strings)) {
		return "", fmt.Errorf("string offset %d is out of range", off)
	}
	s := b.strings[off:]
	n := bytes.IndexByte(s, 0)
	if n < 0 {
		return "", fmt.Errorf("string at %d is not terminated", off)
	}
	return string(s[:n]), nil
}

// checkBTF checks the header and the number of types, so that what comes
// after works on something of bounded size.
func checkBTF(data []byte, order binary.ByteOrder) (*rawBTF, error) {
	if len(data) < 24 || order.Uint16(data) != 0xeb9f {
		return nil, errors.New("no BTF header in the object's byte order")
	}
	hdr := uint64(order.Uint32(data[4:]))
	typeOff, typeLen := hdr+uint64(order.Uint32(data[8:])), uint64(order.Uint32(data[12:]))
	strOff, strLen := hdr+uint64(order.Uint32(data[16:])), uint64(order.Uint32(data[20:]))
	if typeOff+typeLen > uint64(len(data)) || strOff+strLen > uint64(len(data)) {
		return nil, errors.New("BTF header points beyond the section")
	}
	b := &rawBTF{order: order, strings: data[strOff : strOff+strLen], named: make(map[kindName]btf.TypeID)}
	g, err := readTypes(data[typeOff:typeOff+typeLen], order)
	if err != nil {
		return nil, err
	}
	if n := g.depth(); n > maxBTFDepth {
		return nil, fmt.Errorf("types nest %d deep", n)
	}
	for id := 1; id < len(g.offs); id++ {
		if kind := g.kind(id); kind == btfFunc || kind == btfVar || kind == btfDatasec {
			name, err := b.text(g.word(g.offs[id]))
			if err != nil {
				return nil, fmt.Errorf("type %d: %w", id, err)
			}
			if _, ok := b.named[kindName{kind, name}]; !ok {
				b.named[kindName{kind, name}] = btf.TypeID(id)
			}
		}
	}
	b.count = len(g.offs)
	return b, nil
}

// readBTF decodes .BTF. As in libbpf, an object whose BTF is broken is read
// without it.
func (r *reader) readBTF() error {
	s := r.file.Section(".BTF")
	if s == nil || s.Type != elf.SHT_PROGBITS {
		return nil
	}
	data, err := r.bytesOf(s)
	if err == nil {
		r.raws, err = checkBTF(data, r.order)
	}
	if err == nil {
		// The bytes alone: given the ELF, btf would also lay out data
		// sections, and refuses typed kernel symbols.
		r.types, err = btf.LoadSpecFromReader(bytes.NewReader(data))
	}
	// By rising id, decoding recurses as deep as was checked, and no more
	// after that.
	for id := 1; err == nil && id < r.raws.count; id++ {
		_, err = r.types.TypeByID(btf.TypeID(id))
	}
	if err != nil {
		r.types, r.raws = nil, nil
		r.warnf("section \".BTF\" is ignored: %v", err)
		return nil
	}
	r.fixHidden()
	return nil
}

// datasec is the BTF of a data section, with sizes and offsets, nil if there
// is none.
func (r *reader) datasec(sec *section) *btf.Datasec {
	ds := r.datasecByName(sec.name)
	if ds == nil || r.laid[ds] {
		return ds
	}
	r.laid[ds] = true
	// Compilers leave the layout to the loader. Old linkers set it wrong for
	// variables that one object declares and another defines.
	linked := ds.Size != 0
	offs := make(map[string]uint64)
	for _, sym := range sec.syms {
		if sym.kind == elf.STT_OBJECT && !(linked && sym.bind == bindLocal) {
			offs[sym.name] = sym.value
		}
	}
	if !linked {
		ds.Size = uint32(sec.size)
	}
	for i, v := range ds.Vars {
		if off, ok := offs[v.Type.TypeName()]; ok {
			ds.Vars[i].Offset = uint32(off)
		}
	}
	slices.SortStableFunc(ds.Vars, func(a, b btf.VarSecinfo) int { return cmp.Compare(a.Offset, b.Offset) })
	return ds
}

func (u *unit) datasecByName(name string) *btf.Datasec {
	ds, _ := named[*btf.Datasec](u, btfDatasec, name)
	return ds
}

// named is the first type of a kind and name.
func named[T btf.Type](u *unit, kind uint32, name string) (t T, ok bool) {
	if u.types == nil {
		return t, false
	}
	id, ok := u.raws.named[kindName{kind, name}]
	if !ok {
		return t, false
	}
	typ, err := u.types.TypeByID(id)
	if err != nil {
		return t, false
	}
	t, ok = typ.(T)
	return t, ok
}

// fixHidden gives hidden functions and variables static linkage in BTF: they
// are global between objects and static for the kernel, as in libbpf.
func (r *reader) fixHidden() {
	for _, sym := range r.syms {
		if !sym.hidden || sym.undef || sym.bind == bindLocal {
			continue
		}
		switch sym.kind {
		case elf.STT_FUNC:
			if fn, ok := named[*btf.Func](r.unit, btfFunc, sym.name); ok && fn.Linkage == btf.GlobalFunc {
				fn.Linkage = btf.StaticFunc
			}
		case elf.STT_OBJECT:
			if v, ok := named[*btf.Var](r.unit, btfVar, sym.name); ok && v.Linkage == btf.GlobalVar {
				v.Linkage = btf.StaticVar
			}
		}
	}
}

// extRecord is a record of .BTF.ext: its place and its words.
type extRecord struct {
	sec   string
	slot  int
	words [4]uint32 // the first is the byte offset
}

// readInfo attaches the records of .BTF.ext to functions. As in libbpf, an
// object whose section is broken is read without it.
func (r *reader) readInfo() error {
	s := r.file.Section(".BTF.ext")
	if s == nil || r.types == nil {
		return nil
	}
	data, err := r.bytesOf(s)
	if err == nil {
		err = r.readExt(data)
	}
	if err != nil {
		r.warnf("section \".BTF.ext\" is ignored: %v", err)
	}
	for _, fn := range r.funcs {
		if err != nil {
			fn.typ, fn.lines, fn.core = nil, nil, nil
		}
		slices.SortStableFunc(fn.lines, func(a, b image.Line) int { return cmp.Compare(a.Slot, b.Slot) })
		slices.SortStableFunc(fn.core, func(a, b image.CORERelo) int { return cmp.Compare(a.Slot, b.Slot) })
	}
	return nil
}

// readExt reads the three tables of .BTF.ext.
func (r *reader) readExt(data []byte) error {
	if len(data) < 24 || r.order.Uint16(data) != 0xeb9f {
		return errors.New("no header in the object's byte order")
	}
	hdr := uint64(r.order.Uint32(data[4:]))
	for i, add := range []func(*function, extRecord) error{r.addFuncInfo, r.addLine, r.addCORE} {
		pos := 8 + 8*i
		if uint64(pos+8) > hdr || pos+8 > len(data) {
			break // older headers have no CO-RE table
		}
		off, size := hdr+uint64(r.order.Uint32(data[pos:])), uint64(r.order.Uint32(data[pos+4:]))
		if off > uint64(len(data)) || size > uint64(len(data))-off {
			return fmt.Errorf("table %d reaches beyond the section", i)
		}
		if err := r.readTable(data[off:off+size], i, add); err != nil {
			return fmt.Errorf("table %d: %w", i, err)
		}
	}
	return nil
}

// readTable reads one table: a record size, then for each section its name, a
// count and records.
func (r *reader) readTable(data []byte, table int, add func(*function, extRecord) error) error {
	if len(data) == 0 {
		return nil
	}
	words := [...]int{2, 4, 4}[table]
	if len(data) < 4 {
		return errors.New("is cut off")
	}
	size := int(r.order.Uint32(data))
	if size < 4*words || size%4 != 0 || size > 1<<12 {
		return fmt.Errorf("records of %d bytes", size)
	}
	for data = data[4:]; len(data) > 0; {
		if len(data) < 8 {
			return errors.New("is cut off")
		}
		name, err := r.raws.text(r.order.Uint32(data))
		if err != nil {
			return err
		}
		n := uint64(r.order.Uint32(data[4:]))
		if data = data[8:]; n*uint64(size) > uint64(len(data)) {
			return fmt.Errorf("section %q: %d records are cut off", name, n)
		}
		sec := r.code[name]
		for range n {
			rec := extRecord{sec: name}
			for w := range words {
				rec.words[w] = r.order.Uint32(data[4*w:])
			}
			data = data[size:]
			rec.slot = int(rec.words[0] / 8)
			if sec == nil || rec.words[0]%8 != 0 {
				continue
			}
			for _, fn := range sec.funcsAt(rec.slot) {
				if err := add(fn, rec); err != nil {
					return fmt.Errorf("section %q: offset %d: %w", name, rec.words[0], err)
				}
			}
		}
	}
	return nil
}

func (r *reader) addFuncInfo(fn *function, rec extRecord) error {
	if rec.slot != fn.start {
		return nil
	}
	t, err := r.types.TypeByID(btf.TypeID(rec.words[1]))
	if err != nil {
		return err
	}
	typ, ok := t.(*btf.Func)
	if !ok {
		return fmt.Errorf("type %d is no function", rec.words[1])
	}
	if fn.hidden && typ.Linkage == btf.GlobalFunc {
		typ.Linkage = btf.StaticFunc
	}
	fn.typ = typ
	return nil
}

func (r *reader) addLine(fn *function, rec extRecord) error {
	file, err := r.raws.text(rec.words[1])
	if err != nil {
		return err
	}
	text, err := r.raws.text(rec.words[2])
	if err != nil {
		return err
	}
	fn.lines = append(fn.lines, image.Line{
		Slot: rec.slot - fn.start, File: file, Text: text,
		Line: int(rec.words[3] >> 10), Column: int(rec.words[3] & 0x3ff),
	})
	return nil
}

func (r *reader) addCORE(fn *function, rec extRecord) error {
	t, err := r.types.TypeByID(btf.TypeID(rec.words[1]))
	if err != nil {
		return err
	}
	text, err := r.raws.text(rec.words[2])
	if err != nil {
		return err
	}
	access, err := parseAccess(text)
	if err != nil {
		return err
	}
	fn.core = append(fn.core, image.CORERelo{
		Slot: rec.slot - fn.start, Kind: image.COREKind(rec.words[3]),
		Type: t, TypeID: btf.TypeID(rec.words[1]), Access: access,
	})
	return nil
}

// parseAccess parses a CO-RE access string: "0:1:2".
func parseAccess(s string) ([]int, error) {
	if s == "" {
		return nil, errors.New("empty CO-RE access string")
	}
	var path []int
	for part := range strings.SplitSeq(s, ":") {
		n := 0
		for _, c := range []byte(part) {
			if c < '0' || c > '9' || n > 1<<24 {
				return nil, fmt.Errorf("CO-RE access string %q", s)
			}
			n = n*10 + int(c-'0')
		}
		if part == "" || len(path) >= 64 {
			return nil, fmt.Errorf("CO-RE access string %q", s)
		}
		path = append(path, n)
	}
	return path, nil
}
