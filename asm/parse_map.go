package asm

import (
	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/image"
)

func (p *parser) readMap(a *attrs) error {
	if err := p.endProgram(); err != nil {
		return err
	}
	m, at, err := p.mapDef(a)
	if err != nil {
		return err
	}
	if p.maps[m.Name] != nil {
		return p.errorf(at, "map %q is defined twice", m.Name)
	}
	p.maps[m.Name] = m
	p.out.Maps = append(p.out.Maps, m)
	p.last = m
	return nil
}

// readInner reads the template of the inner maps of the map before it.
func (p *parser) readInner(a *attrs) error {
	if p.last == nil {
		return p.errorf(a.dir.at, ".inner describes the inner maps of the .map line before it, and there is none")
	}
	m, _, err := p.mapDef(a)
	if err != nil {
		return err
	}
	p.last.Inner = m
	p.last = m
	return nil
}

// mapDef reads the name, the type and the attributes of a map.
func (p *parser) mapDef(a *attrs) (*image.Map, pos, error) {
	name, err := a.next("a name")
	if err != nil {
		return nil, name.at, err
	}
	typ, err := a.next("a type, as in \".map counts array key=4 value=8 entries=16\"")
	if err != nil {
		return nil, name.at, err
	}
	n, err := mapTypes.number(typ.text)
	if err != nil {
		return nil, name.at, p.errorf(typ.at, "%v", err)
	}
	m := &image.Map{Name: name.text, Type: abi.MapType(n)}
	words := a.words
	a.words = nil
	for _, w := range words {
		if err := p.mapAttr(a, m, w); err != nil {
			return nil, name.at, err
		}
	}
	return m, name.at, nil
}

func (p *parser) mapAttr(a *attrs, m *image.Map, w word) error {
	switch w.key {
	case "key":
		return p.uint32(w, &m.KeySize)
	case "value":
		return p.uint32(w, &m.ValueSize)
	case "entries":
		return p.uint32(w, &m.MaxEntries)
	case "numa":
		return p.uint32(w, &m.NUMANode)
	case "extra":
		v, err := p.uint(w, 64)
		m.Extra = v
		return err
	case "flags":
		v, err := mapBits.number(w.text)
		if err != nil {
			return p.errorf(w.val, "%v", err)
		}
		m.Flags = abi.MapFlags(v)
		return nil
	case "section":
		m.Section = w.text
		return nil
	case "struct_ops":
		m.StructOps = w.text
		return nil
	case "tag":
		m.Tags = append(m.Tags, w.text)
		return nil
	case "inner":
		p.late = append(p.late, func() error {
			inner := p.maps[w.text]
			if inner == nil {
				return p.errorf(w.val, "inner map %q is not defined; add a .map line", w.text)
			}
			if inner == m {
				return p.errorf(w.val, "map %q cannot hold itself", w.text)
			}
			m.Inner = inner
			return nil
		})
		return nil
	case "":
		switch w.text {
		case "pin":
			m.PinByName = true
			return nil
		case "frozen":
			m.Frozen = true
			return nil
		case "noauto":
			m.NoAutocreate = true
			return nil
		}
	}
	return a.unknown(w, "key=, value=, entries=, flags=, extra=, numa=, inner=, section=, struct_ops=, tag=, pin, frozen and noauto")
}

// mapNamed finds a map that is defined before this line.
func (p *parser) mapNamed(w word) (*image.Map, error) {
	m := p.maps[w.text]
	if m == nil {
		names := make([]string, 0, len(p.out.Maps))
		for _, m := range p.out.Maps {
			names = append(names, m.Name)
		}
		return nil, p.errorf(w.val, "map %q is not defined above; add a .map line%s", w.text, suggest(w.text, names))
	}
	return m, nil
}

// readElem reads "MAP KEY = VALUE", an initial element.
func (p *parser) readElem(a *attrs) error {
	w, err := a.next("a map")
	if err != nil {
		return err
	}
	m, err := p.mapNamed(w)
	if err != nil {
		return err
	}
	var e image.Entry
	if e.Key, err = a.bytes(); err != nil {
		return err
	}
	eq, err := a.next("\"= VALUE\" after the key")
	if err != nil {
		return err
	}
	if len(a.words) == 0 {
		return p.errorf(eq.at, ".elem needs a value after \"=\"")
	}
	switch v := a.words[0]; {
	case v.text == "map" && !v.quoted && v.key == "":
		a.words = a.words[1:]
		inner, err := a.next("the name of an inner map")
		if err != nil {
			return err
		}
		m.Contents = append(m.Contents, e)
		at := len(m.Contents) - 1
		p.late = append(p.late, func() error {
			if m.Contents[at].Map = p.maps[inner.text]; m.Contents[at].Map == nil {
				return p.errorf(inner.at, "map %q is not defined; add a .map line", inner.text)
			}
			return nil
		})
		return nil
	case v.text == "prog" && !v.quoted && v.key == "":
		a.words = a.words[1:]
		prog, err := a.next("the name of a program")
		if err != nil {
			return err
		}
		e.Program = prog.text
	default:
		if e.Value, err = a.bytes(); err != nil {
			return err
		}
	}
	m.Contents = append(m.Contents, e)
	return nil
}

func (p *parser) readVar(a *attrs) error {
	name, err := a.next("a name")
	if err != nil {
		return err
	}
	v := &image.Variable{Name: name.text}
	words := a.words
	a.words = nil
	for _, w := range words {
		var err error
		switch {
		case w.key == "map":
			v.Map, err = p.mapNamed(w)
		case w.key == "off":
			err = p.uint32(w, &v.Offset)
		case w.key == "size":
			err = p.uint32(w, &v.Size)
		case w.key == "" && w.text == "const":
			v.Constant = true
		case w.key == "" && w.text == "weak":
			v.Weak = true
		case w.key == "" && w.text == "hidden":
			v.Hidden = true
		default:
			err = a.unknown(w, "map=, off=, size=, const, weak and hidden")
		}
		if err != nil {
			return err
		}
	}
	if v.Map == nil {
		return p.errorf(name.at, "variable %q needs map=NAME, the map of its section", v.Name)
	}
	p.out.Variables = append(p.out.Variables, v)
	return nil
}

func (p *parser) readKconfig(a *attrs) error {
	name, err := a.next("a name such as CONFIG_HZ")
	if err != nil {
		return err
	}
	k := &image.Kconfig{Name: name.text}
	words := a.words
	a.words = nil
	for _, w := range words {
		var err error
		switch {
		case w.key == "off":
			err = p.uint32(w, &k.Offset)
		case w.key == "size":
			err = p.uint32(w, &k.Size)
		case w.key == "" && w.text == "weak":
			k.Weak = true
		default:
			err = a.unknown(w, "off=, size= and weak")
		}
		if err != nil {
			return err
		}
	}
	p.out.Kconfig = append(p.out.Kconfig, k)
	return nil
}

func (p *parser) readStructOps(a *attrs) error {
	w, err := a.next("a map")
	if err != nil {
		return err
	}
	m, err := p.mapNamed(w)
	if err != nil {
		return err
	}
	s := &image.StructOps{Map: m, Members: map[string]string{}}
	words := a.words
	a.words = nil
	for _, w := range words {
		switch {
		case w.key != "":
			s.Members[w.key] = w.text
		case w.text == "link":
			s.Link = true
		default:
			return a.unknown(w, "link and MEMBER=PROGRAM")
		}
	}
	p.out.StructOps = append(p.out.StructOps, s)
	return nil
}
