package vm

import (
	"bytes"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/bpfmap"
	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/verifier"
	"github.com/skepbpf/skep/vm/ir"
)

// numbersFor is what the verifier knows of p's numbers, nil where the live maps
// are not what it knew them as: then keys may be out of bounds, and contents
// other ones.
func numbersFor(p *verifier.Program, maps []bpfmap.Map) *verifier.Numbers {
	if len(maps) != len(p.Image().Maps) {
		return nil
	}
	for i, def := range p.Image().Maps {
		if !asVerified(def, maps[i]) {
			return nil
		}
	}
	return p.Numbers()
}

// asVerified reports whether a live map is what the verifier was told of it.
func asVerified(def *image.Map, m bpfmap.Map) bool {
	d := m.Def()
	if d.Type != def.Type || d.KeySize != def.KeySize || d.ValueSize != def.ValueSize || d.Flags != def.Flags {
		return false
	}
	if (d.Type == abi.Array || d.Type == abi.PerCPUArray) && m.MaxEntries() < def.MaxEntries {
		return false
	}
	if !def.Frozen || def.Type != abi.Array || def.MaxEntries != 1 {
		return true
	}
	live, ok := m.(bpfmap.Memoryer)
	if !ok || !m.Frozen() {
		return false
	}
	want := make([]byte, def.ValueSize)
	if len(def.Contents) > 0 {
		copy(want, def.Contents[0].Value)
	}
	block := live.Memory()
	return len(block) >= len(want) && bytes.Equal(block[:len(want)], want)
}

// numberFlags are the facts that engines get.
var numberFlags = [...]struct {
	number verifier.NumberFlags
	flag   ir.Flags
}{
	{verifier.NumberNonZero, ir.NonZero}, {verifier.NumberNoOverflow, ir.NoOverflow},
	{verifier.NumberAlways, ir.Always}, {verifier.NumberNever, ir.Never},
	{verifier.NumberInBounds, ir.InBounds}, {verifier.NumberKey, ir.KnownKey},
	{verifier.NumberSource, ir.KnownSrc}, {verifier.NumberResult, ir.KnownDst},
	{verifier.NumberFits32, ir.Fits32},
}

// know puts what is known of the slot being lowered onto its instruction.
func (l *lowerer) know(in *ir.Insn) {
	if l.numbers == nil {
		return
	}
	n := l.numbers.At(l.slot)
	if n.Flags&^verifier.NumberReached == 0 || in.Op == ir.JA {
		return
	}
	for _, f := range numberFlags {
		if n.Flags&f.number != 0 {
			in.Flags |= f.flag
		}
	}
	if in.Flags&(ir.KnownKey|ir.KnownSrc|ir.KnownDst) != 0 {
		l.out.Values = append(l.out.Values, ir.Value{Slot: in.Slot, Is: n.Value})
	}
}
