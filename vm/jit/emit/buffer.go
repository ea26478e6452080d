package emit

import "encoding/binary"

// Label is a place in the code that may be known later only.
type Label int32

// Fixup is a field of the code that waits for a label.
type Fixup struct {
	At    int32 // offset of the field
	Label Label
	Kind  uint8 // the architecture's own
}

// Buffer is machine code under construction.
type Buffer struct {
	Code   []byte
	Fixups []Fixup
	labels []int32 // offset, -1 while unknown
}

// Reset makes b empty, with room for n bytes.
func (b *Buffer) Reset(n int) {
	if cap(b.Code) < n {
		b.Code = make([]byte, 0, n)
		b.labels, b.Fixups = make([]int32, 0, n/6), make([]Fixup, 0, n/16)
	}
	b.Code, b.Fixups, b.labels = b.Code[:0], b.Fixups[:0], b.labels[:0]
}

// Len is the offset of the next byte.
func (b *Buffer) Len() int32 { return int32(len(b.Code)) }

// NewLabel is a label without a place.
func (b *Buffer) NewLabel() Label {
	b.labels = append(b.labels, -1)
	return Label(len(b.labels) - 1)
}

// NewLabels is the first of n labels in a row.
func (b *Buffer) NewLabels(n int) Label {
	first := Label(len(b.labels))
	for range n {
		b.labels = append(b.labels, -1)
	}
	return first
}

// Bind puts l at the next byte.
func (b *Buffer) Bind(l Label) { b.labels[l] = b.Len() }

// BindAt puts l at an offset.
func (b *Buffer) BindAt(l Label, at int32) { b.labels[l] = at }

// Offset is where l is, -1 if it has no place.
func (b *Buffer) Offset(l Label) int32 { return b.labels[l] }

// Move puts every label that has a place to where to says.
func (b *Buffer) Move(to func(int32) int32) {
	for i, at := range b.labels {
		if at >= 0 {
			b.labels[i] = to(at)
		}
	}
}

// Byte appends bytes.
func (b *Buffer) Byte(v ...byte) { b.Code = append(b.Code, v...) }

// U16 appends 2 bytes, little-endian.
func (b *Buffer) U16(v uint16) { b.Code = binary.LittleEndian.AppendUint16(b.Code, v) }

// U32 appends 4 bytes, little-endian.
func (b *Buffer) U32(v uint32) { b.Code = binary.LittleEndian.AppendUint32(b.Code, v) }

// U64 appends 8 bytes, little-endian.
func (b *Buffer) U64(v uint64) { b.Code = binary.LittleEndian.AppendUint64(b.Code, v) }

// Want appends a 4-byte field that kind says how to fill with l.
func (b *Buffer) Want(l Label, kind uint8) {
	b.Fixups = append(b.Fixups, Fixup{At: b.Len(), Label: l, Kind: kind})
	b.U32(0)
}
