package object

import (
	"bytes"
	"cmp"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/cilium/ebpf/btf"

	"github.com/skepbpf/skep/image"
)

// Limits on what an object may claim. They are far above what compilers make
// and keep hostile objects from taking memory or time.
const (
	maxSections = 1 << 14
	maxBTFTypes = 1 << 18
	maxDataSize = 1 << 30 // of a .bss section, which the file does not hold
	maxInsns    = 1 << 22 // of all functions
	maxLinked   = 1 << 24 // of all programs with their subprograms
	maxAliases  = 16      // functions at one place
)

// sectionKind says what a section is read as.
type sectionKind uint8

const (
	kindIgnored sectionKind = iota
	kindCode
	kindData
	kindArena
	kindBTFMaps
	kindLegacyMaps
	kindStructOps
)

// section is an ELF section that matters.
type section struct {
	name  string
	kind  sectionKind
	size  uint64
	align uint64
	data  []byte // nil for SHT_NOBITS
	rels  []rel
	syms  []*symbol
	funcs []*function // sorted by start
	m     *image.Map  // of a data section
}

// rel is an entry of a relocation section.
type rel struct {
	off uint64
	sym *symbol
}

// symbol is an entry of the symbol table.
type symbol struct {
	name   string
	kind   elf.SymType
	bind   binding
	hidden bool
	sec    *section // nil if undefined, absolute or in an ignored section
	undef  bool
	value  uint64
	size   uint64
}

// reader is the state of parsing one object.
type reader struct {
	*unit
	file *elf.File
	raw  []byte
	// claimed are the bytes of raw that sections hold.
	claimed int
	secs    []*section // by ELF index
	code    map[string]*section
	laid    map[*btf.Datasec]bool
	syms    []*symbol // by ELF index
	// mapAt finds maps by the place of their definition.
	mapAt map[place]*image.Map
	extBy map[string]*extern
}

// place is an offset in a section.
type place struct {
	sec *section
	off uint64
}

// parse reads an object. Whatever the bytes are, it returns.
func parse(name string, data []byte) (u *unit, err error) {
	defer func() {
		// debug/elf and btf read hostile bytes too; a panic of theirs is an
		// error of the object.
		if p := recover(); p != nil {
			u, err = nil, fmt.Errorf("malformed object: %v", p)
		}
	}()
	r := &reader{
		unit:  &unit{name: name, align: make(map[*image.Map]uint64), mapBind: make(map[*image.Map]binding)},
		raw:   data,
		mapAt: make(map[place]*image.Map),
		extBy: make(map[string]*extern),
		code:  make(map[string]*section),
		laid:  make(map[*btf.Datasec]bool),
	}
	if err := r.readELF(); err != nil {
		return nil, err
	}
	for _, step := range []func() error{
		r.readMeta, r.readBTF, r.readExterns, r.readLegacyMaps, r.readBTFMaps, r.readData,
		r.readFuncs, r.readStructOps, r.readMapValues, r.readRefs, r.readInfo,
	} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return r.unit, nil
}

// readELF reads headers, sections, symbols and relocations.
func (r *reader) readELF() error {
	f, err := elf.NewFile(bytes.NewReader(r.raw))
	switch {
	case len(r.raw) == 0:
		return fmt.Errorf("%w: the file is empty", ErrNotBPF)
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("%w: the file is cut off: its ELF headers lie beyond its end", ErrNotBPF)
	case err != nil:
		return fmt.Errorf("%w: no ELF file: %w", ErrNotBPF, err)
	}
	if f.Class != elf.ELFCLASS64 || f.Type != elf.ET_REL || (f.Machine != elf.EM_BPF && f.Machine != elf.EM_NONE) {
		return fmt.Errorf("%w: %s %s for %s", ErrNotBPF, f.Class, f.Type, f.Machine)
	}
	if len(f.Sections) > maxSections {
		return fmt.Errorf("%d sections", len(f.Sections))
	}
	r.file, r.order = f, f.ByteOrder
	names := make(map[string]bool)
	for _, s := range f.Sections {
		sec := &section{name: s.Name, kind: classify(s), size: s.Size, align: s.Addralign}
		r.secs = append(r.secs, sec)
		if _, ok := r.code[s.Name]; !ok && sec.kind == kindCode {
			r.code[s.Name] = sec
		}
		if sec.kind == kindIgnored {
			continue
		}
		if sec.kind != kindCode {
			// Their BTF is found by name.
			if names[s.Name] {
				return fmt.Errorf("section %q: is there twice", s.Name)
			}
			names[s.Name] = true
		}
		if err := r.fill(sec, s); err != nil {
			return fmt.Errorf("section %q: %w", s.Name, err)
		}
	}
	if err := r.readSymbols(); err != nil {
		return err
	}
	return r.readRels()
}

// fill reads the bytes of a section.
func (r *reader) fill(sec *section, s *elf.Section) (err error) {
	if s.Type == elf.SHT_NOBITS {
		if s.Size > maxDataSize {
			return fmt.Errorf("%d bytes are too many", s.Size)
		}
		return nil
	}
	if sec.data, err = r.bytesOf(s); err != nil {
		return err
	}
	// What is read is copied, so no byte may be claimed twice.
	if r.claimed += len(sec.data); r.claimed > len(r.raw) {
		return errors.New("overlaps other sections")
	}
	return nil
}

// bytesOf is the contents of s, as a part of the file's bytes.
func (r *reader) bytesOf(s *elf.Section) ([]byte, error) {
	if s.Flags&elf.SHF_COMPRESSED != 0 {
		return nil, errors.New("compressed sections are not supported")
	}
	if s.Type == elf.SHT_NOBITS {
		return nil, errors.New("has no contents")
	}
	if s.Offset > uint64(len(r.raw)) || s.FileSize > uint64(len(r.raw))-s.Offset {
		return nil, errors.New("reaches beyond the end of the file")
	}
	return r.raw[s.Offset : s.Offset+s.FileSize : s.Offset+s.FileSize], nil
}

// classify says what a section is read as.
func classify(s *elf.Section) sectionKind {
	name := s.Name
	hasPrefix := func(p string) bool { return name == p || strings.HasPrefix(name, p+".") }
	switch s.Type {
	case elf.SHT_NOBITS:
		if hasPrefix(".bss") {
			return kindData
		}
	case elf.SHT_PROGBITS:
		switch {
		case s.Size == 0:
		case name == "license" || name == "version":
		case name == "maps" || strings.HasPrefix(name, "maps/"):
			return kindLegacyMaps
		case name == ".maps":
			return kindBTFMaps
		case s.Flags&elf.SHF_EXECINSTR != 0:
			return kindCode
		case hasPrefix(".data") || hasPrefix(".rodata"):
			return kindData
		case strings.TrimPrefix(name, "?") == ".struct_ops" || strings.TrimPrefix(name, "?") == ".struct_ops.link":
			return kindStructOps
		case name == image.ArenaSection:
			return kindArena
		}
	}
	return kindIgnored
}

// readSymbols reads the symbol table.
func (r *reader) readSymbols() error {
	syms, err := r.file.Symbols()
	if err != nil && !errors.Is(err, elf.ErrNoSymbols) {
		return fmt.Errorf("symbol table: %w", err)
	}
	r.syms = make([]*symbol, 1, len(syms)+1)
	r.syms[0] = &symbol{}
	for _, s := range syms {
		sym := &symbol{
			name: s.Name, kind: elf.ST_TYPE(s.Info), value: s.Value, size: s.Size,
			undef: s.Section == elf.SHN_UNDEF,
		}
		switch elf.ST_BIND(s.Info) {
		case elf.STB_GLOBAL:
			sym.bind = bindGlobal
		case elf.STB_WEAK:
			sym.bind = bindWeak
		}
		if s.Name == "" {
			sym.bind = bindLocal
		}
		vis := elf.ST_VISIBILITY(s.Other)
		sym.hidden = vis == elf.STV_HIDDEN || vis == elf.STV_INTERNAL
		if s.Section != elf.SHN_UNDEF && s.Section < elf.SHN_LORESERVE {
			if int(s.Section) >= len(r.secs) {
				return fmt.Errorf("symbol %q: section %d does not exist", s.Name, s.Section)
			}
			sym.sec = r.secs[s.Section]
			sym.sec.syms = append(sym.sec.syms, sym)
			if sym.kind == elf.STT_SECTION && sym.name == "" {
				sym.name = sym.sec.name
			}
		}
		r.syms = append(r.syms, sym)
	}
	return nil
}

// readRels reads the relocations of the sections that matter.
func (r *reader) readRels() error {
	const size = 16 // Elf64_Rel
	for _, s := range r.file.Sections {
		if s.Type != elf.SHT_REL || int(s.Info) >= len(r.secs) {
			continue
		}
		sec := r.secs[s.Info]
		switch sec.kind {
		case kindIgnored, kindLegacyMaps:
			continue
		case kindData, kindArena:
			r.warnf("section %q: addresses in initial values stay zero, as in libbpf", sec.name)
			continue
		}
		data, err := r.bytesOf(s)
		if err == nil && len(data)%size != 0 {
			err = errors.New("size is no multiple of 16")
		}
		if err != nil {
			return fmt.Errorf("section %q: %w", s.Name, err)
		}
		for ; len(data) > 0; data = data[size:] {
			info := r.order.Uint64(data[8:])
			n := info >> 32
			if n >= uint64(len(r.syms)) {
				return fmt.Errorf("section %q: symbol %d does not exist", s.Name, n)
			}
			sec.rels = append(sec.rels, rel{off: r.order.Uint64(data), sym: r.syms[n]})
		}
		slices.SortStableFunc(sec.rels, func(a, b rel) int { return cmp.Compare(a.off, b.off) })
		for i := range sec.rels {
			if i > 0 && sec.rels[i].off == sec.rels[i-1].off {
				return fmt.Errorf("section %q: two relocations at %d", s.Name, sec.rels[i].off)
			}
		}
	}
	return nil
}

// readMeta reads license and version.
func (r *reader) readMeta() error {
	for _, s := range r.file.Sections {
		if s.Type != elf.SHT_PROGBITS || (s.Name != "license" && s.Name != "version") || s.Size == 0 {
			continue
		}
		data, err := r.bytesOf(s)
		if err != nil {
			return fmt.Errorf("section %q: %w", s.Name, err)
		}
		if s.Name == "license" {
			text, _, _ := bytes.Cut(data, []byte{0})
			if len(text) > 127 { // the kernel takes 128 bytes
				text = text[:127]
			}
			r.license = string(text)
			continue
		}
		if len(data) != 4 {
			return fmt.Errorf("section %q: %d bytes in place of 4", s.Name, len(data))
		}
		r.version = r.order.Uint32(data)
	}
	return nil
}

func (r *reader) warnf(format string, args ...any) {
	r.warnings = append(r.warnings, fmt.Sprintf(format, args...))
}
