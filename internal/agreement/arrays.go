package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/cilium/ebpf/btf"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/isa"
)

// arrayTest is a test of the kernel's test_verifier.c, in the form that
// scripts/arraytests.c prints.
type arrayTest struct {
	p      *image.Program
	code   []isa.Insn
	maps   []fixup
	kfuncs []fixup
	funcs  []byte // func_info
	mapBTF *btf.Spec
}

// fixup names what the instruction at slot refers to.
type fixup struct {
	slot int
	name string
}

// readTests reads the tests of one array as programs. A test that an image
// cannot hold has its Err set.
func readTests(in io.Reader) ([]*image.Program, error) {
	var out []*image.Program
	var t *arrayTest
	sc := bufio.NewScanner(in)
	sc.Buffer(nil, 64<<20) // a million instructions in hex
	for n := 1; sc.Scan(); n++ {
		word, rest, _ := strings.Cut(sc.Text(), " ")
		var err error
		switch {
		case word == "test" && t == nil:
			t, err = newTest(rest)
		case t == nil || word == "test":
			err = fmt.Errorf("%q at the wrong place", word)
		case word == "end":
			if len(t.code) > 0 { // arrays have holes
				t.p.Err = t.build()
				out = append(out, t.p)
			}
			t = nil
		default:
			err = t.read(word, rest)
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
	}
	if t != nil {
		return nil, errors.New("the last test has no end")
	}
	return out, sc.Err()
}

// newTest reads "NUMBER PROG_TYPE ATTACH_TYPE FLAGS DESCRIPTION".
func newTest(s string) (*arrayTest, error) {
	var n, typ, attach, flags int
	if _, err := fmt.Sscanf(s, "%d %d %d %d", &n, &typ, &attach, &flags); err != nil {
		return nil, fmt.Errorf("test: %w", err)
	}
	p := &image.Program{Type: abi.ProgType(typ), Attach: abi.AttachType(attach), License: "GPL", Autoload: true}
	// test_verifier.c has flags of its own: unaligned accesses are meant, and
	// alignment is strict. Others are the load's.
	if flags&1 != 0 {
		p.Flags |= abi.AnyAlignment
	}
	if flags&2 != 0 {
		p.Flags |= abi.StrictAlignment
	}
	if flags&^3 != 0 {
		p.Flags |= abi.ProgFlags(flags)
	}
	descr := strings.Join(strings.Fields(s)[4:], " ")
	p.Name = fmt.Sprintf("t%03d_%s", n, identifier(descr))
	return &arrayTest{p: p}, nil
}

// identifier is a description as a name.
func identifier(s string) string {
	words := strings.FieldsFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9')
	})
	name := strings.Join(words, "_")
	return strings.TrimRight(name[:min(len(name), 55)], "_")
}

func (t *arrayTest) read(word, rest string) error {
	switch word {
	case "attach":
		t.p.AttachTo = rest
		return nil
	case "map", "kfunc":
		var f fixup
		if _, err := fmt.Sscanf(rest, "%d %s", &f.slot, &f.name); err != nil {
			return fmt.Errorf("%s: %w", word, err)
		}
		if word == "map" {
			t.maps = append(t.maps, f)
		} else {
			t.kfuncs = append(t.kfuncs, f)
		}
		return nil
	}
	b, err := hex.DecodeString(rest)
	if err != nil {
		return fmt.Errorf("%s: %w", word, err)
	}
	switch word {
	case "code":
		t.code, err = isa.Decode(b, binary.LittleEndian)
	case "func":
		t.funcs = b
	case "btf":
		t.p.Types, err = btf.LoadSpecFromReader(bytes.NewReader(b))
	case "mapbtf":
		t.mapBTF, err = btf.LoadSpecFromReader(bytes.NewReader(b))
	default:
		return fmt.Errorf("%q is not known", word)
	}
	return err
}

// build makes the program of what was read.
func (t *arrayTest) build() error {
	p := t.p
	p.Insns = t.code
	if err := t.addFuncs(); err != nil {
		return err
	}
	for i := range p.Insns {
		if in := &p.Insns[i]; in.Op == isa.CallOp && in.Src() == isa.CallKfunc {
			in.Imm = -1
		}
	}
	for _, f := range t.kfuncs {
		if f.slot >= len(p.Insns) || p.Insns[f.slot].Op != isa.CallOp {
			return fmt.Errorf("insn %d: is no call", f.slot)
		}
		p.Insns[f.slot].Imm = int32(len(p.Kfuncs))
		p.Kfuncs = append(p.Kfuncs, image.Kfunc{Name: f.name})
		p.Extern = append(p.Extern, image.ExternRelo{Slot: f.slot, Kind: image.ExternKfunc, Name: f.name})
	}
	index := make(map[string]int)
	for _, f := range t.maps {
		if f.slot >= len(p.Insns) || p.Insns[f.slot].Op != isa.LdImm64 {
			return fmt.Errorf("insn %d: is no load of a map", f.slot)
		}
		at, ok := index[f.name]
		if !ok {
			m, err := t.newMap(f.name)
			if err != nil {
				return fmt.Errorf("map %q: %w", f.name, err)
			}
			at = len(p.Maps)
			index[f.name] = at
			p.Maps = append(p.Maps, m)
		}
		in := &p.Insns[f.slot]
		src := isa.PseudoMapIdx
		if in.Src() == isa.PseudoMapValue {
			src = isa.PseudoMapIdxValue
		}
		*in = in.WithRegs(in.Dst(), src)
		in.Imm = int32(at)
	}
	return nil
}

// addFuncs finds the functions: what is called, and what has an address taken.
func (t *arrayTest) addFuncs() error {
	p := t.p
	starts := []int{0}
	for i := 0; i < len(t.code); i++ {
		in := t.code[i]
		call := in.Op == isa.CallOp && in.Src() == isa.CallLocal
		if call || in.Op == isa.LdImm64 && in.Src() == isa.PseudoFunc {
			if to := i + 1 + int(in.Imm); to > 0 && to < len(t.code) {
				starts = append(starts, to)
			}
		}
		if in.IsWide() {
			i++
		}
	}
	slices.Sort(starts)
	for _, s := range slices.Compact(starts) {
		p.Funcs = append(p.Funcs, image.Func{Name: fmt.Sprintf("f%d", s), Start: s, Global: s == 0})
	}
	for b := t.funcs; len(b) >= 8; b = b[8:] {
		slot, id := int(binary.LittleEndian.Uint32(b)), btf.TypeID(binary.LittleEndian.Uint32(b[4:]))
		f := &p.Funcs[p.FuncAt(slot)]
		if f.Start != slot || p.Types == nil {
			return fmt.Errorf("a type for slot %d, where no function begins", slot)
		}
		typ, err := p.Types.TypeByID(id)
		if err != nil {
			return err
		}
		fn, ok := typ.(*btf.Func)
		if !ok {
			return fmt.Errorf("type %d is no function", id)
		}
		f.Type, f.Name, f.Global = fn, fn.Name, f.Start == 0 || fn.Linkage == btf.GlobalFunc
	}
	return nil
}

// arrayMaps are the maps that the tests name.
var arrayMaps = map[string]image.Map{
	"map_hash_8b":           {Type: abi.Hash, KeySize: 8, ValueSize: 8, MaxEntries: 1, Flags: abi.NoPrealloc},
	"map_hash_48b":          {Type: abi.Hash, KeySize: 8, ValueSize: 48, MaxEntries: 1, Flags: abi.NoPrealloc},
	"map_hash_16b":          {Type: abi.Hash, KeySize: 8, ValueSize: 16, MaxEntries: 1, Flags: abi.NoPrealloc},
	"map_array_48b":         {Type: abi.Array, KeySize: 4, ValueSize: 48, MaxEntries: 1},
	"map_array_ro":          {Type: abi.Array, KeySize: 4, ValueSize: 48, MaxEntries: 1, Flags: abi.ReadOnlyProg},
	"map_array_wo":          {Type: abi.Array, KeySize: 4, ValueSize: 48, MaxEntries: 1, Flags: abi.WriteOnlyProg},
	"map_array_small":       {Type: abi.Array, KeySize: 4, ValueSize: 1, MaxEntries: 1},
	"map_sockmap":           {Type: abi.SockMap, KeySize: 4, ValueSize: 4, MaxEntries: 1},
	"map_sockhash":          {Type: abi.SockHash, KeySize: 4, ValueSize: 4, MaxEntries: 1},
	"map_xskmap":            {Type: abi.XSKMap, KeySize: 4, ValueSize: 4, MaxEntries: 1},
	"map_stacktrace":        {Type: abi.StackTrace, KeySize: 4, ValueSize: 8, MaxEntries: 1},
	"map_event_output":      {Type: abi.PerfEventArray, KeySize: 4, ValueSize: 4, MaxEntries: 1},
	"map_reuseport_array":   {Type: abi.ReuseportSockArray, KeySize: 4, ValueSize: 8, MaxEntries: 1},
	"map_ringbuf":           {Type: abi.RingBuf, MaxEntries: 4096},
	"prog1":                 {Type: abi.ProgArray, KeySize: 4, ValueSize: 4, MaxEntries: 4},
	"prog2":                 {Type: abi.ProgArray, KeySize: 4, ValueSize: 4, MaxEntries: 8},
	"map_in_map":            {Type: abi.ArrayOfMaps, KeySize: 4, ValueSize: 4, MaxEntries: 1},
	"cgroup_storage":        {Type: abi.CgroupStorage, KeySize: 16, ValueSize: 64},
	"percpu_cgroup_storage": {Type: abi.PerCPUCgroupStorage, KeySize: 16, ValueSize: 64},
	"map_spin_lock":         {Type: abi.Array, KeySize: 4, ValueSize: 8, MaxEntries: 1},
	"sk_storage_map":        {Type: abi.SkStorage, KeySize: 4, ValueSize: 8, Flags: abi.NoPrealloc},
	"map_timer":             {Type: abi.Array, KeySize: 4, ValueSize: 16, MaxEntries: 1},
	"map_kptr":              {Type: abi.Array, KeySize: 4, ValueSize: 24, MaxEntries: 1},
}

// arrayValues are the ids of the types of values, for maps with types; that of
// the key is 1.
var arrayValues = map[string]btf.TypeID{"map_spin_lock": 3, "sk_storage_map": 3, "map_timer": 5, "map_kptr": 14}

func (t *arrayTest) newMap(name string) (*image.Map, error) {
	def, ok := arrayMaps[name]
	if !ok {
		return nil, errors.New("is not known")
	}
	m := &def
	m.Name = name
	if m.Type == abi.ArrayOfMaps {
		m.Inner = &image.Map{Name: "inner", Type: abi.Array, KeySize: 4, ValueSize: 4, MaxEntries: 1}
	}
	id := arrayValues[name]
	if id == 0 {
		return m, nil
	}
	if t.mapBTF == nil {
		return nil, errors.New("its types are missing")
	}
	var err error
	if m.Key, err = t.mapBTF.TypeByID(1); err != nil {
		return nil, err
	}
	m.Value, err = t.mapBTF.TypeByID(id)
	return m, err
}
