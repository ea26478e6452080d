package verifier

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/skepbpf/skep/isa"
	"github.com/skepbpf/skep/verifier/domain"
)

// kindTexts are the words for kinds of memory.
var kindTexts = [...]string{
	KindCtx: "context", KindStack: "stack", KindPacket: "packet", KindMapValue: "map value", KindMem: "memory",
	KindProbe: "may fault", KindArena: "arena", KindFlowKeys: "flow keys", KindSock: "socket", KindMapObject: "map object",
}

// String is the kind in words, "" for none.
func (k Kind) String() string {
	if int(k) < len(kindTexts) {
		return kindTexts[k]
	}
	return strconv.Itoa(int(k))
}

// factWords are the words for flags.
var factWords = []struct {
	flag NumberFlags
	text string
}{
	{NumberNonZero, "divisor not 0"}, {NumberNoOverflow, "no overflow"}, {NumberCount, "count in range"},
	{NumberAlways, "always taken"}, {NumberNever, "never taken"}, {NumberInBounds, "key in bounds"},
}

// FactText is what is known at slot, in one line for people: the registers
// that the instruction reads, what it accesses, what follows. "" where nothing
// is.
func (p *Program) FactText(slot int) string {
	in, f, n := p.img.Insns[slot], p.Fact(slot), p.Numbers().At(slot)
	if !f.Reached {
		return "never reached"
	}
	var out []string
	for _, r := range readsOf(in) {
		if t := RangeText(p.Numbers().Reg(slot, r)); t != "" {
			out = append(out, fmt.Sprintf("r%d %s", r, t))
		}
	}
	switch {
	case f.KindVaries:
		out = append(out, f.Mem.String()+" or other memory")
	case f.Mem == KindCtx:
		out = append(out, fmt.Sprintf("context +%d", f.CtxOff))
	case f.Mem == KindPacket:
		out = append(out, fmt.Sprintf("packet, %d bytes are there", f.Packet))
	case f.Mem != KindNone:
		out = append(out, f.Mem.String())
	}
	if f.LoadsPointer {
		out = append(out, "loads a pointer")
	}
	if f.Map > 0 && int(f.Map) <= len(p.img.Maps) {
		out = append(out, "map "+p.img.Maps[f.Map-1].Name)
	}
	for arg := 1; arg <= 5; arg++ {
		if s, ok := p.Arg(slot, arg); ok {
			out = append(out, fmt.Sprintf("argument %d = %s", arg, spanText(s.Min, s.Max)))
		}
	}
	for _, w := range factWords {
		if n.Has(w.flag) {
			out = append(out, w.text)
		}
	}
	if n.Has(NumberKey) {
		out = append(out, "key "+numberText(n.Value))
	}
	return strings.Join(append(out, resultTexts(in, f, n)...), "; ")
}

// resultTexts is what is known of an instruction's result.
func resultTexts(in isa.Insn, f Fact, n Number) (out []string) {
	switch {
	case n.Has(NumberResult):
		out = append(out, "result "+numberText(n.Value))
	case n.Has(NumberFits32) && in.Op.Class() == isa.ClassAlu64 && (in.Op.Code() != isa.Mov || in.Op.IsX()):
		out = append(out, "result fits in 32 bits")
	}
	if in.Op.Class() == isa.ClassAlu && !f.ZExt32 {
		out = append(out, "upper half not read")
	}
	return out
}

// readsOf lists the registers, the frame pointer aside, that an instruction
// other than a call reads.
func readsOf(in isa.Insn) (regs []isa.Reg) {
	dst, src := true, in.Op.IsX()
	switch in.Op.Class() {
	case isa.ClassLd:
		return nil
	case isa.ClassLdx:
		dst, src = false, true
	case isa.ClassStx:
		src = true
	case isa.ClassSt:
		src = false
	case isa.ClassAlu, isa.ClassAlu64:
		if in.Op.Code() == isa.End {
			src = false
		}
		dst = in.Op.Code() != isa.Mov
	case isa.ClassJmp, isa.ClassJmp32:
		switch in.Op.Code() {
		case isa.Exit:
			return []isa.Reg{isa.R0}
		case isa.Call, isa.JA, isa.JCond:
			return nil
		}
	}
	if dst && in.Dst() != isa.FP {
		regs = append(regs, in.Dst())
	}
	if src && in.Src() != isa.FP && !(dst && in.Src() == in.Dst()) {
		regs = append(regs, in.Src())
	}
	return regs
}

// RangeText is the values of s in a few words, "" for all.
func RangeText(s domain.Scalar) string {
	text := ""
	switch {
	case s.IsConst():
		return "= " + numberText(s.Value())
	case s.SMin < 0 && s.SMin > math.MinInt64:
		text = fmt.Sprintf("= %d..%d", s.SMin, s.SMax)
	case s.UMin == 1 && s.UMax == math.MaxUint64:
		return "not 0"
	case s.UMin > 0 || s.UMax < math.MaxUint64:
		text = "= " + spanText(s.UMin, s.UMax)
	case s.SMax < math.MaxInt64:
		text = fmt.Sprintf("at most %d", s.SMax)
	}
	// Bits that the range does not say already.
	if t := s.Bits; t != domain.RangeTnum(s.UMin, s.UMax) && t.Mask != math.MaxUint64 {
		text = strings.TrimSpace(text + " in bits " + fmt.Sprintf("%#x", t.Max()))
	}
	return text
}

func spanText(lo, hi uint64) string {
	if lo == hi {
		return numberText(lo)
	}
	top := numberText(hi)
	if int64(hi) < 0 {
		top = fmt.Sprintf("%#x", hi)
	}
	return numberText(lo) + ".." + top
}

// numberText is v in decimal where that is short.
func numberText(v uint64) string {
	switch {
	case v <= 1<<20:
		return strconv.FormatUint(v, 10)
	case int64(v) < 0 && int64(v) >= -1<<20:
		return strconv.FormatInt(int64(v), 10)
	}
	return "0x" + strconv.FormatUint(v, 16)
}
