package skep

import (
	"errors"
	"fmt"
	"reflect"
)

// Assign stores specs in the fields of a struct that have an `ebpf:"name"`
// tag, of types *ProgramSpec, *MapSpec and *VariableSpec.
func (cs *CollectionSpec) Assign(to any) error {
	return assign(to, func(typ reflect.Type, name string) (any, error) {
		switch typ {
		case reflect.TypeFor[*ProgramSpec]():
			if p := cs.Programs[name]; p != nil {
				return p, nil
			}
			return nil, fmt.Errorf("program %q: not in the collection", name)
		case reflect.TypeFor[*MapSpec]():
			if m := cs.Maps[name]; m != nil {
				return m, nil
			}
			return nil, fmt.Errorf("map %q: not in the collection", name)
		case reflect.TypeFor[*VariableSpec]():
			if v := cs.Variables[name]; v != nil {
				return v, nil
			}
			return nil, fmt.Errorf("variable %q: not in the collection", name)
		}
		return nil, fmt.Errorf("cannot assign %s", typ)
	})
}

// LoadAndAssign loads what the fields of a struct with an `ebpf:"name"` tag
// name, and stores it in them: *Program, *Map and *Variable. What no field
// names is not loaded.
func (cs *CollectionSpec) LoadAndAssign(to any, opts *CollectionOptions) error {
	if opts == nil {
		opts = &CollectionOptions{}
	}
	l, err := newLoader(cs, opts)
	if err != nil {
		return err
	}
	defer l.close()
	named := make(map[string]bool)
	get := func(typ reflect.Type, name string) (any, error) {
		switch typ {
		case reflect.TypeFor[*Program]():
			named["program "+name] = true
			return l.loadProgram(name)
		case reflect.TypeFor[*Map]():
			named["map "+name] = true
			return l.loadMap(name)
		case reflect.TypeFor[*Variable]():
			v := cs.Variables[name]
			if v == nil {
				return nil, fmt.Errorf("variable %q: not in the collection", name)
			}
			m, err := l.loadMap(v.m.Name)
			if err != nil {
				return nil, err
			}
			named["map "+v.m.Name] = true
			return &Variable{name: name, v: v.v, m: m}, nil
		}
		return nil, fmt.Errorf("cannot assign %s", typ)
	}
	if err := assign(to, get, l.fill); err != nil {
		return l.place(err)
	}
	// Ownership of what the struct names goes to the caller; the rest lives
	// on through the programs that use it.
	for name, p := range l.coll.Programs {
		if !named["program "+name] {
			p.Close()
		}
	}
	for name, m := range l.coll.Maps {
		if !named["map "+name] {
			m.Close()
		}
	}
	l.coll = nil
	return nil
}

// Assign stores live programs, maps and variables in the fields of a struct
// that have an `ebpf:"name"` tag. They belong to the caller from then on.
func (c *Collection) Assign(to any) error {
	var programs, maps []string
	err := assign(to, func(typ reflect.Type, name string) (any, error) {
		switch typ {
		case reflect.TypeFor[*Program]():
			if p := c.Programs[name]; p != nil {
				programs = append(programs, name)
				return p, nil
			}
			return nil, fmt.Errorf("program %q: not in the collection", name)
		case reflect.TypeFor[*Map]():
			if m := c.Maps[name]; m != nil {
				maps = append(maps, name)
				return m, nil
			}
			return nil, fmt.Errorf("map %q: not in the collection", name)
		case reflect.TypeFor[*Variable]():
			if v := c.Variables[name]; v != nil {
				return v, nil
			}
			return nil, fmt.Errorf("variable %q: not in the collection", name)
		}
		return nil, fmt.Errorf("cannot assign %s", typ)
	})
	if err != nil {
		return err
	}
	for _, name := range programs {
		c.DetachProgram(name)
	}
	for _, name := range maps {
		c.DetachMap(name)
	}
	return nil
}

type taggedField struct {
	value reflect.Value
	name  string
}

// assign fills the tagged fields of the struct that to points to, embedded ones
// included; nothing is changed on an error. before runs after the last get.
func assign(to any, get func(reflect.Type, string) (any, error), before ...func() error) error {
	v := reflect.ValueOf(to)
	if v.Kind() != reflect.Pointer || v.IsNil() || v.Elem().Kind() != reflect.Struct {
		return fmt.Errorf("%T is not a pointer to a struct", to)
	}
	fields, err := taggedFields(v.Elem(), nil)
	if err != nil {
		return err
	}
	if len(fields) == 0 {
		return fmt.Errorf("%T has no field with an ebpf tag", to)
	}
	seen := make(map[string]bool, len(fields))
	values := make([]any, len(fields))
	for i, f := range fields {
		id := f.value.Type().String() + " " + f.name
		if seen[id] {
			return fmt.Errorf("%T: %q is assigned twice", to, f.name)
		}
		seen[id] = true
		if values[i], err = get(f.value.Type(), f.name); err != nil {
			return fmt.Errorf("field %s: %w", f.name, err)
		}
	}
	for _, do := range before {
		if err := do(); err != nil {
			return err
		}
	}
	for i, f := range fields {
		f.value.Set(reflect.ValueOf(values[i]))
	}
	return nil
}

func taggedFields(v reflect.Value, out []taggedField) ([]taggedField, error) {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if name := f.Tag.Get("ebpf"); name != "" {
			if !f.IsExported() {
				return nil, fmt.Errorf("field %s has an ebpf tag but is not exported", f.Name)
			}
			out = append(out, taggedField{v.Field(i), name})
			continue
		}
		switch f.Type.Kind() {
		case reflect.Struct:
			var err error
			if out, err = taggedFields(v.Field(i), out); err != nil {
				return nil, err
			}
		case reflect.Pointer:
			if f.Type.Elem().Kind() != reflect.Struct || !f.Anonymous {
				continue
			}
			if v.Field(i).IsNil() {
				return nil, errors.New("embedded struct " + f.Name + " is nil")
			}
			var err error
			if out, err = taggedFields(v.Field(i).Elem(), out); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}
