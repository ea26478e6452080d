package object

import (
	"fmt"

	"github.com/cilium/ebpf/btf"

	"github.com/skepbpf/skep/image"
)

// typeMover carries types from the BTF of several objects into one.
type typeMover struct {
	b    *btf.Builder
	ids  map[btf.Type]btf.TypeID
	spec *btf.Spec
	err  error
}

// add puts a type into the merged BTF.
func (m *typeMover) add(t btf.Type) btf.Type {
	if m.err != nil || t == nil {
		return t
	}
	if _, ok := m.ids[t]; !ok {
		m.ids[t], m.err = m.b.Add(t)
	}
	return t
}

// replace is the type in the merged BTF that t became.
func (m *typeMover) replace(t btf.Type) btf.Type {
	if m.err != nil || t == nil {
		return t
	}
	id, ok := m.ids[t]
	if !ok {
		m.err = fmt.Errorf("type %v was not carried over", t)
		return t
	}
	out, err := m.spec.TypeByID(id)
	if err != nil {
		m.err = err
		return t
	}
	return out
}

// eachType calls f for every type that the unit refers to, and puts what it
// returns in the type's place.
func (u *unit) eachType(f func(btf.Type) btf.Type) {
	for _, m := range u.maps {
		eachMapType(m, f)
	}
	for _, m := range u.data {
		eachMapType(m, f)
	}
	for _, v := range u.vars {
		v.Type = as(f, v.Type)
	}
	for _, fn := range u.funcs {
		fn.typ = as(f, fn.typ)
		for i := range fn.core {
			fn.core[i].Type = f(fn.core[i].Type)
		}
	}
	for _, e := range u.externs {
		e.typ = f(e.typ)
	}
}

func eachMapType(m *image.Map, f func(btf.Type) btf.Type) {
	m.Key, m.Value = f(m.Key), f(m.Value)
	if m.Inner != nil {
		m.Inner.Key, m.Inner.Value = f(m.Inner.Key), f(m.Inner.Value)
	}
}

// as applies f to a type that is known more precisely, and may be nil.
func as[P interface {
	*T
	btf.Type
}, T any](f func(btf.Type) btf.Type, t P) P {
	if t == nil {
		return nil
	}
	out, _ := f(t).(P)
	return out
}
