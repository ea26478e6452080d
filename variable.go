package skep

import (
	"fmt"

	"github.com/cilium/ebpf/btf"

	"github.com/skepbpf/skep/image"
)

// Variable is a live global variable.
type Variable struct {
	name string
	v    *image.Variable
	m    *Map
}

// Name is the variable's C name.
func (v *Variable) Name() string { return v.name }

// Size is the variable's size in bytes.
func (v *Variable) Size() uint64 { return uint64(v.v.Size) }

// ReadOnly reports whether the variable can no longer be changed.
func (v *Variable) ReadOnly() bool { return v.v.Constant }

// Type is the variable's BTF type, nil without BTF.
func (v *Variable) Type() *btf.Var { return v.v.Type }

// Get reads the variable. Programs may be writing it at the same time.
func (v *Variable) Get(out any) error {
	if !v.m.own.use() {
		return fmt.Errorf("variable %q: %w", v.name, ErrClosed)
	}
	defer v.m.own.done()
	b, err := v.bytes()
	if err != nil {
		return err
	}
	if err := unmarshal(out, append([]byte(nil), b...)); err != nil {
		return fmt.Errorf("variable %q: %w", v.name, err)
	}
	return nil
}

// Set changes the variable.
func (v *Variable) Set(in any) error {
	if v.v.Constant {
		return fmt.Errorf("variable %q: constant: set it in the VariableSpec before loading", v.name)
	}
	if !v.m.own.use() {
		return fmt.Errorf("variable %q: %w", v.name, ErrClosed)
	}
	defer v.m.own.done()
	b, err := v.bytes()
	if err != nil {
		return err
	}
	src, err := marshal(in, len(b))
	if err != nil {
		return fmt.Errorf("variable %q: %w", v.name, err)
	}
	copy(b, src)
	return nil
}

func (v *Variable) bytes() ([]byte, error) {
	mem, err := v.m.impl.Memory()
	if err != nil {
		return nil, fmt.Errorf("variable %q: %w", v.name, err)
	}
	end := uint64(v.v.Offset) + uint64(v.v.Size)
	if end > uint64(len(mem)) {
		return nil, fmt.Errorf("variable %q: lies outside map %q", v.name, v.m.name)
	}
	return mem[v.v.Offset:end], nil
}
