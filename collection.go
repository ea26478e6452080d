package skep

import (
	"context"
	"encoding/binary"
	"fmt"

	"github.com/skepbpf/skep/image"
)

// Collection is a set of live programs and maps that were loaded together.
type Collection struct {
	Programs  map[string]*Program
	Maps      map[string]*Map
	Variables map[string]*Variable
}

// CollectionOptions change how a collection is loaded.
type CollectionOptions struct {
	Programs ProgramOptions
	// MapReplacements are live maps to use in place of the spec's, by name.
	// They must fit the spec; the caller keeps its handles.
	MapReplacements map[string]*Map
	// Backend is where the collection lives, nil for the process's default
	// Runtime.
	Backend Backend
}

// Options is CollectionOptions.
type Options = CollectionOptions

// LoadCollection reads an object file and loads all of it.
func LoadCollection(file string) (*Collection, error) {
	spec, err := LoadCollectionSpec(file)
	if err != nil {
		return nil, err
	}
	return NewCollection(spec)
}

// NewCollection creates the spec's maps and verifies and loads its programs.
func NewCollection(spec *CollectionSpec) (*Collection, error) {
	return NewCollectionWithOptions(spec, CollectionOptions{})
}

// NewCollectionWithOptions creates the spec's maps and verifies and loads its
// programs.
func NewCollectionWithOptions(spec *CollectionSpec, opts CollectionOptions) (*Collection, error) {
	l, err := newLoader(spec, &opts)
	if err != nil {
		return nil, err
	}
	defer l.close()
	for _, name := range sortedNames(spec.Maps) {
		if _, err := l.loadMap(name); err != nil {
			return nil, l.place(err)
		}
	}
	return l.loadAll(sortedNames(spec.Programs))
}

// Load loads the named programs, the maps they use, and the programs and maps
// that those name; nothing else of the spec.
func (cs *CollectionSpec) Load(opts *CollectionOptions, programs ...string) (*Collection, error) {
	if opts == nil {
		opts = &CollectionOptions{}
	}
	l, err := newLoader(cs, opts)
	if err != nil {
		return nil, err
	}
	defer l.close()
	return l.loadAll(programs)
}

// Close closes all programs and maps of the collection.
func (c *Collection) Close() {
	for _, p := range c.Programs {
		p.Close()
	}
	for _, m := range c.Maps {
		m.Close()
	}
}

// DetachMap takes a map out of the collection, so that Close spares it; nil if
// there is none of that name.
func (c *Collection) DetachMap(name string) *Map {
	m := c.Maps[name]
	delete(c.Maps, name)
	return m
}

// DetachProgram takes a program out of the collection, so that Close spares it;
// nil if there is none of that name.
func (c *Collection) DetachProgram(name string) *Program {
	p := c.Programs[name]
	delete(c.Programs, name)
	return p
}

// loader creates maps and programs on demand, so that LoadAndAssign loads no
// more than its struct names.
type loader struct {
	spec    *CollectionSpec
	opts    *CollectionOptions
	backend Backend
	fitted  *image.Collection // to the target; programs and maps by name
	coll    *Collection
	filled  map[string]bool
}

func newLoader(spec *CollectionSpec, opts *CollectionOptions) (*loader, error) {
	if err := checkOrder(spec.ByteOrder); err != nil {
		return nil, spec.place(err)
	}
	b, err := backendOrDefault(opts.Backend)
	if err != nil {
		return nil, err
	}
	for _, name := range sortedNames(opts.MapReplacements) {
		ms := spec.Maps[name]
		if ms == nil {
			return nil, fmt.Errorf("replacement map %q: not in the collection", name)
		}
		if err := ms.Compatible(opts.MapReplacements[name]); err != nil {
			return nil, fmt.Errorf("replacement map %q: %w", name, err)
		}
	}
	return &loader{
		spec: spec, opts: opts, backend: b, filled: make(map[string]bool),
		fitted: resolve(spec.image(), &opts.Programs),
		coll: &Collection{
			Programs: make(map[string]*Program), Maps: make(map[string]*Map), Variables: make(map[string]*Variable),
		},
	}, nil
}

// image is the collection that the spec's parts make up.
func (cs *CollectionSpec) image() *image.Collection {
	c := &image.Collection{ByteOrder: cs.ByteOrder, Types: cs.Types}
	if cs.img != nil {
		c.Name, c.License, c.Kconfig = cs.img.Name, cs.img.License, cs.img.Kconfig
	}
	for _, name := range sortedNames(cs.Maps) {
		if m := cs.Maps[name]; m.img != nil {
			c.Maps = append(c.Maps, m.img)
		}
	}
	for _, name := range sortedNames(cs.Programs) {
		c.Programs = append(c.Programs, cs.Programs[name].img)
	}
	return c
}

// loadAll loads programs with all that they name and hands the collection out.
func (l *loader) loadAll(programs []string) (*Collection, error) {
	for _, name := range programs {
		if _, err := l.loadProgram(name); err != nil {
			return nil, l.place(err)
		}
	}
	if err := l.fill(); err != nil {
		return nil, l.place(err)
	}
	return l.take(), nil
}

// close frees what take has not handed out.
func (l *loader) close() {
	if l.coll != nil {
		l.coll.Close()
	}
}

// take hands the loaded collection to the caller.
func (l *loader) take() *Collection {
	c := l.coll
	l.coll = nil
	for name, v := range l.spec.Variables {
		if m := c.Maps[v.m.Name]; m != nil {
			c.Variables[name] = &Variable{name: name, v: v.v, m: m}
		}
	}
	return c
}

func (l *loader) loadMap(name string) (*Map, error) {
	if m := l.coll.Maps[name]; m != nil {
		return m, nil
	}
	spec := l.spec.Maps[name]
	if spec == nil {
		return nil, fmt.Errorf("map %q: not in the collection", name)
	}
	if r := l.opts.MapReplacements[name]; r != nil {
		m, err := r.Clone()
		if err != nil {
			return nil, fmt.Errorf("replacement map %q: %w", name, err)
		}
		l.coll.Maps[name], l.filled[name] = m, true
		return m, nil
	}
	if fitted := l.fitted.Map(name); fitted != nil && fitted.Section == image.KconfigSection {
		spec = newMapSpec(fitted)
	}
	m, err := createMap(l.backend, spec)
	if err != nil {
		return nil, err
	}
	l.coll.Maps[name] = m
	if spec.img != nil && spec.img.Section != "" {
		// The verifier reads constants from frozen sections, so they are
		// filled before any program is loaded.
		if err := fillMap(m, spec, nil); err != nil {
			return nil, err
		}
		l.filled[name] = true
	}
	return m, nil
}

func (l *loader) loadProgram(name string) (*Program, error) {
	if p := l.coll.Programs[name]; p != nil {
		return p, nil
	}
	spec := l.spec.Programs[name]
	if spec == nil {
		return nil, fmt.Errorf("program %q: not in the collection", name)
	}
	live := func(def *image.Map) (*Map, error) { return l.loadMap(def.Name) }
	p, err := loadProgram(context.Background(), l.backend, spec, l.fitted.Program(spec.img.Name), live, &l.opts.Programs)
	if err != nil {
		return nil, err
	}
	l.coll.Programs[name] = p
	return p, nil
}

// fill puts contents into the maps that refer to programs and other maps, and
// loads what they name.
func (l *loader) fill() error {
	for again := true; again; {
		again = false
		for _, name := range sortedNames(l.coll.Maps) {
			if l.filled[name] {
				continue
			}
			l.filled[name], again = true, true
			spec := l.spec.Maps[name]
			for _, kv := range spec.Contents {
				ref, ok := kv.Value.(string)
				if !ok {
					continue
				}
				var err error
				switch {
				case spec.Type == ProgramArray:
					_, err = l.loadProgram(ref)
				case isMapOfMaps(spec.Type):
					_, err = l.loadMap(ref)
				}
				if err != nil {
					return err
				}
			}
			if err := fillMap(l.coll.Maps[name], spec, l.coll); err != nil {
				return err
			}
		}
	}
	return nil
}

// place puts the object's name before an error.
func (l *loader) place(err error) error { return l.spec.place(err) }

func (cs *CollectionSpec) place(err error) error {
	if cs.img == nil || cs.img.Name == "" {
		return err
	}
	return fmt.Errorf("%s: %w", cs.img.Name, err)
}

// checkOrder refuses objects for machines of the other byte order, which can
// be read only.
func checkOrder(bo binary.ByteOrder) error {
	if bo == binary.BigEndian {
		return &UnsupportedError{What: "loading big-endian programs"}
	}
	return nil
}
