package main

import (
	"cmp"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/verifier"
)

// The verdicts as veristat writes them.
const (
	verdictSuccess = "success"
	verdictFailure = "failure"
)

// figures are the statistics of one program. has tells what was
// measured, or read from a file.
type figures struct {
	file, prog           string
	verdict              string
	progType, attachType string
	num                  [numNumbers]int64
	has                  [len(statDefs)]bool
}

// row is a line of the output: a program, or, if pair, the same program in two
// files. One side may be missing.
type row struct {
	pair bool
	a, b *figures
}

// statValue is a statistic of a row.
type statValue struct {
	none bool
	text string
	num  float64
}

// measured are the figures of a verification.
func measured(v *verdict, p *image.Program, s verifier.Stats) *figures {
	f := &figures{
		file: filepath.Base(v.File), prog: v.Program, verdict: verdictFailure,
		progType: p.Type.Short(), attachType: p.Attach.Short(),
	}
	if v.Verdict == "accept" {
		f.verdict = verdictSuccess
	}
	for _, id := range ownStats {
		f.has[id] = true
	}
	// As in veristat, a program that cannot be verified has zeros.
	f.num[statDuration] = s.Time.Microseconds()
	f.num[statInsns] = int64(s.Insns)
	f.num[statStates] = int64(s.States)
	f.num[statPeak] = int64(s.PeakStates)
	f.num[statMaxPerInsn] = int64(s.MaxStatesInsn)
	f.num[statMarkRead] = 0 // Linux 6.18: reads are no longer marked in states and the log says 0.
	f.num[statSize] = int64(len(p.Insns))
	f.num[statStack] = int64(s.Frames)
	return f
}

// textOf is a column that is a text.
func (f *figures) textOf(id statID) string {
	switch id {
	case statFile:
		return f.file
	case statProg:
		return f.prog
	case statVerdict:
		return f.verdict
	case statProgType:
		return f.progType
	default:
		return f.attachType
	}
}

// side is one program's value of a column.
func (f *figures) side(id statID) statValue {
	switch {
	case f == nil || !f.has[id]:
		return statValue{none: true}
	case id.isText():
		return statValue{text: f.textOf(id)}
	}
	return statValue{num: float64(f.num[id])}
}

// key is the side that names the row's program.
func (r row) key() *figures {
	if r.b != nil {
		return r.b
	}
	return r.a
}

// value is the statistic of a row that ref names.
func (r row) value(ref statRef) statValue {
	a, b := r.a.side(ref.stat), r.b.side(ref.stat)
	var v statValue
	switch {
	case ref.stat.isKey() || !r.pair:
		return r.key().side(ref.stat)
	case ref.side == variantA:
		v = a
	case ref.side == variantB:
		v = b
	case a.none || b.none:
		return statValue{none: true}
	case ref.stat == statVerdict:
		if a.text == b.text {
			v.num = 1
		}
	case ref.side == variantDiff:
		v.num = b.num - a.num
	default:
		v.num = percent(a.num, b.num)
	}
	if ref.abs {
		v.num = math.Abs(v.num)
	}
	return v
}

// percent is how much b is above a. From zero everything is 100 % away.
func percent(a, b float64) float64 {
	switch {
	case a == b:
		return 0
	case a == 0:
		return math.Copysign(100, b)
	}
	return (b - a) * 100 / a
}

// sortRows orders rows; where keys leave it open, by file and program.
// Missing values come last in a falling order and first in a rising one; as
// absolute values they are above all others.
func sortRows(rows []row, keys []sortKey) {
	keys = slices.Concat(keys, keyOrder)
	slices.SortStableFunc(rows, func(x, y row) int {
		for _, k := range keys {
			a, b := x.value(k.statRef), y.value(k.statRef)
			if c := compareValues(a, b); c != 0 {
				if k.rising != (k.abs && a.none != b.none) {
					return c
				}
				return -c
			}
		}
		return 0
	})
}

func compareValues(x, y statValue) int {
	switch {
	case x.none && y.none:
		return 0
	case x.none:
		return -1
	case y.none:
		return 1
	}
	return cmp.Or(strings.Compare(x.text, y.text), cmp.Compare(x.num, y.num))
}

// joinRows pairs the programs of two files by file and program name.
func joinRows(as, bs []*figures) []row {
	type key struct{ file, prog string }
	at := map[key]int{}
	var rows []row
	for _, a := range as {
		at[key{a.file, a.prog}] = len(rows)
		rows = append(rows, row{pair: true, a: a})
	}
	for _, b := range bs {
		i, ok := at[key{b.file, b.prog}]
		if !ok {
			rows = append(rows, row{pair: true, b: b})
			continue
		}
		rows[i].b = b
	}
	return rows
}
