package amd64

import (
	"slices"
	"sort"
)

// edit is a place whose length is known when all code is there only: a jump
// that may be short, or padding.
type edit struct {
	at     int32 // offset
	length int32 // of the long form, 0 for padding
	align  int32 // what the next byte's offset must be a multiple of, 0 for jumps
	fixup  int32 // index, of jumps
	target int32 // edits before the label, of jumps
	short  bool
}

// shortened is how much shorter the short forms are.
func (t *edit) shortened() int32 { return t.length - 2 }

// relax makes jumps short whose targets are near, and aligns what is to be
// aligned. It moves labels, and exits along with them.
func (c *compiler) relax() {
	edits := c.edits()
	if len(edits) == 0 {
		return
	}
	// moved[i] is how far the code behind the first i edits may move at most
	// towards the end, so that distances are never taken for too short.
	moved := make([]int32, len(edits)+1)
	for range 2 {
		for i := range edits {
			t := &edits[i]
			moved[i+1] = moved[i]
			if t.align > 0 {
				moved[i+1] += t.align - 1
			} else if t.short {
				moved[i+1] -= t.shortened()
			}
		}
		for i := range edits {
			t := &edits[i]
			if t.align > 0 || t.short {
				continue
			}
			to := c.Offset(c.Fixups[t.fixup].Label)
			d := to + moved[t.target] - (t.at + t.length + moved[i+1])
			t.short = isInt8(int64(d))
		}
	}
	c.rewrite(edits, moved)
}

// edits are the jumps and paddings in order.
func (c *compiler) edits() []edit {
	edits := make([]edit, 0, len(c.Fixups)+len(c.aligns))
	pads := c.aligns
	for i, f := range c.Fixups {
		for len(pads) > 0 && pads[0] <= f.At {
			edits = append(edits, edit{at: pads[0], align: loopAlign})
			pads = pads[1:]
		}
		switch f.Kind {
		case fixJmp:
			edits = append(edits, edit{at: f.At - 1, length: 5, fixup: int32(i)})
		case fixJcc:
			edits = append(edits, edit{at: f.At - 2, length: 6, fixup: int32(i)})
		}
	}
	for _, at := range pads {
		edits = append(edits, edit{at: at, align: loopAlign})
	}
	for i := range edits {
		if t := &edits[i]; t.align == 0 {
			t.target = before(edits, c.Offset(c.Fixups[t.fixup].Label))
		}
	}
	return edits
}

// before is how many edits end at or before an offset.
func before(edits []edit, at int32) int32 {
	return int32(sort.Search(len(edits), func(i int) bool { return edits[i].at+edits[i].length > at }))
}

// rewrite moves the code as the edits say.
func (c *compiler) rewrite(edits []edit, moved []int32) {
	code := make([]byte, 0, len(c.Code)+loopAlign*len(c.aligns))
	from := int32(0)
	for i := range edits {
		t := &edits[i]
		code = append(code, c.Code[from:t.at]...)
		from = t.at + t.length
		switch {
		case t.align > 0:
			code = pad(code, int(t.align))
		case !t.short:
			code = append(code, c.Code[t.at:from]...)
		case t.length == 5:
			code = append(code, 0xeb, 0)
		default:
			code = append(code, c.Code[t.at+1]-0x10, 0)
		}
		moved[i+1] = int32(len(code)) - from
	}
	code = append(code, c.Code[from:]...)
	moved[0] = 0
	// Most places come in order: the search goes on where it ended.
	k := int32(0)
	move := func(at int32) int32 {
		switch n := int32(len(edits)); {
		case k > 0 && edits[k-1].at+edits[k-1].length > at:
			k = before(edits, at)
		default:
			for steps := 0; k < n && edits[k].at+edits[k].length <= at; k++ {
				if steps++; steps > 8 {
					k = before(edits, at)
					break
				}
			}
		}
		return at + moved[k]
	}
	for i := range c.Fixups {
		c.Fixups[i].At = move(c.Fixups[i].At)
	}
	for i := range edits {
		if t := &edits[i]; t.short {
			f := &c.Fixups[t.fixup]
			f.At, f.Kind = t.at+moved[i]+1, fixRel8
		}
	}
	c.Move(move)
	for i := range c.exits {
		x := &c.exits[i]
		x.Resume = move(x.Resume)
		if x.Unwind >= 0 {
			x.Unwind = move(x.Unwind)
		}
	}
	c.Code = code
}

// nops are instructions that do nothing, by their length.
var nops = [...][]byte{
	1: {0x90},
	2: {0x66, 0x90},
	3: {0x0f, 0x1f, 0x00},
	4: {0x0f, 0x1f, 0x40, 0x00},
	5: {0x0f, 0x1f, 0x44, 0x00, 0x00},
	6: {0x66, 0x0f, 0x1f, 0x44, 0x00, 0x00},
	7: {0x0f, 0x1f, 0x80, 0x00, 0x00, 0x00, 0x00},
	8: {0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00},
	9: {0x66, 0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00},
}

// pad makes the length of code a multiple of align.
func pad(code []byte, align int) []byte {
	code = slices.Grow(code, align)
	for n := -len(code) & (align - 1); n > 0; {
		k := min(n, len(nops)-1)
		code = append(code, nops[k]...)
		n -= k
	}
	return code
}

// alignment asks for the next byte to begin a line of loopAlign bytes.
func (c *compiler) alignment() { c.aligns = append(c.aligns, c.Len()) }

// loopAlign is the alignment of short loops and routines, in bytes. More puts too
// many jumps of a loop into one line of 64 bytes, which branch predictors dislike.
const loopAlign = 16
