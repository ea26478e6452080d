package vmfuzz

import (
	"context"
	"math"
	"regexp"
	"strconv"
	"strings"

	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/isa"
)

// known is a rule that is not the same in all releases. A difference has it as
// its reason if there is none any more once the rule cannot matter.
type known struct {
	before, since string // the kernels that have another rule: older, or not
	reason        string
	// kind and kernel are of differences that have this reason whatever the
	// program: a pattern of the kernel's last line, or of skep's where the
	// kernel accepts.
	kind Kind
	line *regexp.Regexp
	// without changes an instruction so that the rule does not matter: the slots
	// in its place, nil for the same ones.
	without func(isa.Insn) []isa.Insn
}

// proof matches what is said of programs that are refused because too little
// is known of a number, or because code is walked that cannot be reached.
var proof = regexp.MustCompile(`unbounded|outside of the|variable-offset|misaligned|is not allowed|invalid access to|` +
	`min value|max value|too complex|too large|out of bounds|invalid mem access|infinite loop|invalid zero-sized|` +
	`!read_ok|cannot pass map_type|invalid shift|div by zero|not supported|Unreleased reference|null-check it first|` +
	`prohibited|type=|reference leak|off=|off \S+|unknown scalar|not a known|back-edge|unreachable|Invalid format|` +
	`cannot be accessed directly|write into map forbidden|cannot write into packet|holding a lock|should have been in|combined stack size|^$`)

// knownDifferences are the rules that differ between releases and skep, which
// has those of Linux 6.18.44.
var knownDifferences = []known{
	{
		before: "6.18.40", reason: "only later releases link numbers by 32-bit sums and by differences",
		without: unlink,
	},
	{
		since: "6.19", reason: "later releases decide a jump that compares a register with itself",
		without: decideSelf,
	},
	{since: "6.19", reason: "later releases link fewer numbers by sums", without: unlink},
	{
		before: "6.18.40", reason: "earlier releases confuse the distance of a linked number with an offset",
		without: func(in isa.Insn) []isa.Insn {
			c := in.Op.Class()
			if c == isa.ClassAlu64 && in.Op.Code() == isa.Add && in.Op&isa.SrcX == 0 && (in.Imm >= 1<<29 || in.Imm <= -1<<29) {
				return []isa.Insn{in, isa.New(isa.AluOp(c, isa.Div, isa.SrcK), in.Dst(), 0, 0, 3)}
			}
			return nil
		},
	},
	{
		before: "6.18.40", reason: "only later releases follow bits through byte swaps",
		without: func(in isa.Insn) []isa.Insn {
			if c := in.Op.Class(); (c == isa.ClassAlu || c == isa.ClassAlu64) && in.Op.Code() == isa.End {
				return []isa.Insn{isa.New(isa.AluOp(isa.ClassAlu64, isa.Div, isa.SrcK), in.Dst(), 0, 0, 3)}
			}
			return nil
		},
	},
	{
		before: "6.18.40", reason: "only later releases link as many numbers, and prune accordingly", kind: OtherInsns,
		line: regexp.MustCompile(``),
	},
	{
		before: "6.18", reason: "earlier releases make data of a saved register that a helper reads", kind: FalseReject,
		line: regexp.MustCompile(`^invalid size of register fill`),
	},
	{
		before: "6.15", reason: "load-acquire and store-release came with 6.15", kind: Unsound,
		line: regexp.MustCompile(`^unknown opcode|uses invalid atomic opcode 1[01]0`),
	},
	{
		before: "6.18", reason: "later releases allow more programs the helper", kind: Unsound,
		line: regexp.MustCompile(`^program of this type cannot use helper`),
	},
	{
		before: "6.18", reason: "a look-up with a constant key in an array cannot fail since 6.14", kind: Unsound,
		line: regexp.MustCompile(`_or_null|Unreleased reference`),
	},
	{
		before: "6.18", reason: "later releases give more programs a private stack", kind: Unsound,
		line: regexp.MustCompile(`^combined stack size`),
	},
	{before: "6.18", reason: "later releases prove more", kind: Unsound, line: proof},
	{
		since: "6.19", reason: "later releases have other rules for ranges that wrap and for signed ones", kind: Unsound,
		line: regexp.MustCompile(`min value|invalid read from stack R\d+ off`),
	},
	{since: "6.19", reason: "later releases prove more", kind: FalseReject, line: proof},
}

// decideSelf decides jumps that compare a register with itself.
func decideSelf(in isa.Insn) []isa.Insn {
	c := in.Op.Class()
	if c != isa.ClassJmp && c != isa.ClassJmp32 || in.Op&isa.SrcX == 0 || in.Dst() != in.Src() {
		return nil
	}
	nothing := isa.New(isa.AluOp(isa.ClassAlu64, isa.Mov, isa.SrcX), in.Dst(), in.Dst(), 0, 0)
	switch in.Op.Code() {
	case isa.JNe, isa.JGt, isa.JLt, isa.JSGt, isa.JSLt:
		return []isa.Insn{nothing}
	}
	return nil
}

// unlink takes away the links that sums make, but those of 64-bit additions.
func unlink(in isa.Insn) []isa.Insn {
	imm := in.Op&isa.SrcX == 0
	nothing := isa.New(isa.AluOp(isa.ClassAlu, isa.Add, isa.SrcK), in.Dst(), 0, 0, 0)
	switch c := in.Op.Class(); {
	case c == isa.ClassAlu && (in.Op.Code() == isa.Add || in.Op.Code() == isa.Sub):
		return []isa.Insn{in, nothing}
	case c == isa.ClassAlu64 && in.Op.Code() == isa.Sub && imm && in.Imm != math.MinInt32:
		return []isa.Insn{isa.New(isa.AluOp(c, isa.Add, isa.SrcK), in.Dst(), 0, 0, -in.Imm)}
	}
	return nil
}

// tooMuch is what the kernel says of programs that skep gives up on, too.
var tooMuch = regexp.MustCompile(`jumps is too complex|program is too large`)

// reason finds why a difference is none in skep: "" if there is no such rule.
// All rules together come last.
func (j *Judge) reason(ctx context.Context, p *image.Program, d *Difference, release string) string {
	var rules []known
	said := d.Kernel.Line
	if d.Kernel.Accepted {
		said = d.Skep.Line
	}
	general := ""
	for _, k := range knownDifferences {
		if k.line != nil {
			if general == "" && k.holds(release) && k.kind == d.Kind && k.line.MatchString(said) {
				general = k.reason
			}
			continue
		}
		if k.holds(release) {
			rules = append(rules, k)
		}
	}
	gone := func(list []known) bool {
		q, changed := p, false
		for _, k := range list {
			var ok bool
			q, ok = replace(q, k.without)
			changed = changed || ok
		}
		if !changed {
			return false
		}
		e, err := j.Both(ctx, q)
		return err == nil && e == nil || TooLong(err) && tooMuch.MatchString(d.Kernel.Line)
	}
	for _, k := range rules {
		if gone([]known{k}) {
			return k.reason
		}
	}
	if len(rules) > 1 && gone(rules) {
		return "several of the known reasons together"
	}
	return general
}

// holds reports whether a release has the other rule.
func (k *known) holds(release string) bool {
	return k.before != "" && older(release, k.before) || k.since != "" && !older(release, k.since)
}

// older compares releases number by number.
func older(release, than string) bool {
	x, y := strings.FieldsFunc(release, notDigit), strings.FieldsFunc(than, notDigit)
	for i := range min(len(x), len(y)) {
		a, _ := strconv.Atoi(x[i])
		b, _ := strconv.Atoi(y[i])
		if a != b {
			return a < b
		}
	}
	return false
}

func notDigit(r rune) bool { return r < '0' || r > '9' }
