package emit

import "slices"

// MarkKind says what code is that is no instruction of the program.
type MarkKind uint8

// The kinds of marks.
const (
	MarkInsn  MarkKind = iota // instruction Arg, what it needs around it
	MarkFunc                  // how function Arg begins
	MarkEnd                   // how function Arg ends
	MarkExit                  // how instruction Arg leaves to Go and goes on
	MarkLeave                 // what all exits have in common
	MarkLoop                  // the turns of bpf_loop
	MarkLeaf                  // the work of Callees[Arg]
	MarkStart                 // what Go enters
)

// Mark is what the code from an offset on is, up to the next mark.
type Mark struct {
	At   int32
	Arg  int32
	Kind MarkKind
}

// Map is what lies where in the code, instructions included, by offset.
func (o *Output) Map() []Mark {
	marks := make([]Mark, 0, len(o.Marks)+len(o.Starts))
	rest := o.Marks
	for i, at := range o.Starts {
		for len(rest) > 0 && (rest[0].At < at || rest[0].At == at && rest[0].Kind == MarkFunc) {
			marks = append(marks, rest[0])
			rest = rest[1:]
		}
		marks = append(marks, Mark{At: at, Arg: int32(i)})
	}
	marks = append(marks, rest...)
	slices.SortStableFunc(marks, func(a, b Mark) int { return int(a.At) - int(b.At) })
	return marks
}

// Find is the mark of the code at an offset, in the order of Map; ok is false
// before the first.
func Find(marks []Mark, at int32) (m Mark, ok bool) {
	n, _ := slices.BinarySearchFunc(marks, at, func(m Mark, at int32) int {
		if m.At <= at {
			return -1
		}
		return 1
	})
	if n == 0 {
		return Mark{}, false
	}
	return marks[n-1], true
}

// Marker collects marks while code is made, as labels that move with it.
type Marker struct {
	marks []Mark // At is a label
}

// Mark says what follows in b.
func (m *Marker) Mark(b *Buffer, kind MarkKind, arg int) {
	l := b.NewLabel()
	b.Bind(l)
	m.marks = append(m.marks, Mark{At: int32(l), Arg: int32(arg), Kind: kind})
}

// Unmark forgets all marks.
func (m *Marker) Unmark() { m.marks = m.marks[:0] }

// Marks are the marks, when b is whole.
func (m *Marker) Marks(b *Buffer) []Mark {
	for i := range m.marks {
		m.marks[i].At = b.Offset(Label(m.marks[i].At))
	}
	return m.marks
}
