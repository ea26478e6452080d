package image

import (
	"maps"
	"slices"
)

// Clone is a deep copy of c: programs, maps and variables can be changed
// without changing c's. BTF types and side tables that nobody changes are
// shared.
func (c *Collection) Clone() *Collection {
	out := *c
	seen := make(map[*Map]*Map, len(c.Maps))
	out.Maps = cloneAll(c.Maps, func(m *Map) *Map { return m.clone(seen) })
	out.Variables = cloneAll(c.Variables, func(v *Variable) *Variable {
		w := *v
		w.Map = v.Map.clone(seen)
		return &w
	})
	out.StructOps = cloneAll(c.StructOps, func(s *StructOps) *StructOps {
		t := *s
		t.Map, t.Members = s.Map.clone(seen), maps.Clone(s.Members)
		return &t
	})
	out.Programs = cloneAll(c.Programs, func(p *Program) *Program { return p.clone(seen) })
	out.Kconfig = slices.Clone(c.Kconfig)
	out.Warnings = slices.Clone(c.Warnings)
	return &out
}

// Clone is a copy of p with its own code and tables. Its maps are p's.
func (p *Program) Clone() *Program {
	seen := make(map[*Map]*Map, len(p.Maps))
	for _, m := range p.Maps {
		seen[m] = m
	}
	return p.clone(seen)
}

func (p *Program) clone(seen map[*Map]*Map) *Program {
	q := *p
	q.Insns = slices.Clone(p.Insns)
	q.Funcs = slices.Clone(p.Funcs)
	q.Kfuncs = slices.Clone(p.Kfuncs)
	q.Ksyms = slices.Clone(p.Ksyms)
	q.CORE = slices.Clone(p.CORE)
	q.Extern = slices.Clone(p.Extern)
	q.Tests = slices.Clone(p.Tests)
	q.Maps = cloneAll(p.Maps, func(m *Map) *Map { return m.clone(seen) })
	return &q
}

// clone copies a map once: whoever refers to it gets the same copy.
func (m *Map) clone(seen map[*Map]*Map) *Map {
	if m == nil {
		return nil
	}
	if n, ok := seen[m]; ok {
		return n
	}
	n := *m
	seen[m] = &n
	n.Inner = m.Inner.clone(seen)
	n.Tags = slices.Clone(m.Tags)
	n.Contents = slices.Clone(m.Contents)
	for i := range n.Contents {
		e := &n.Contents[i]
		e.Key, e.Value = slices.Clone(e.Key), slices.Clone(e.Value)
		e.Map = e.Map.clone(seen)
	}
	return &n
}

func cloneAll[T any](s []*T, clone func(*T) *T) []*T {
	if s == nil {
		return nil
	}
	out := make([]*T, len(s))
	for i, v := range s {
		out[i] = clone(v)
	}
	return out
}
