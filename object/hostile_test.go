package object_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/skepbpf/skep/object"
)

// elfSection is a section of a made-up object.
type elfSection struct {
	name  string
	typ   uint32
	flags uint64
	link  uint32
	info  uint32
	data  []byte
	size  uint64 // in place of len(data), if not 0
	at    uint64 // in place of the offset, if not 0
}

// makeELF writes an object: a null section, the given ones, section names.
func makeELF(secs []elfSection) []byte {
	le := binary.LittleEndian
	secs = append([]elfSection{{}}, secs...)
	secs = append(secs, elfSection{name: ".shstrtab", typ: 3})
	var names, body bytes.Buffer
	offs := make([]uint32, len(secs))
	for i, s := range secs {
		offs[i] = uint32(names.Len())
		names.WriteString(s.name + "\x00")
	}
	secs[len(secs)-1].data = names.Bytes()
	headers := make([]byte, 0, 64*len(secs))
	for i, s := range secs {
		size := uint64(len(s.data))
		if s.size != 0 {
			size = s.size
		}
		h := le.AppendUint32(nil, offs[i])
		h = le.AppendUint32(h, s.typ)
		h = le.AppendUint64(h, s.flags)
		h = le.AppendUint64(h, 0)
		at := 64 + uint64(body.Len())
		if s.at != 0 {
			at = s.at
		}
		h = le.AppendUint64(h, at)
		h = le.AppendUint64(h, size)
		h = le.AppendUint32(h, s.link)
		h = le.AppendUint32(h, s.info)
		h = le.AppendUint64(h, 8)
		h = le.AppendUint64(h, map[uint32]uint64{2: 24, 9: 16}[s.typ])
		headers = append(headers, h...)
		body.Write(s.data)
	}
	out := []byte("\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00")
	out = le.AppendUint16(out, 1)
	out = le.AppendUint16(out, 247)
	out = le.AppendUint32(out, 1)
	out = le.AppendUint64(out, 0)
	out = le.AppendUint64(out, 0)
	out = le.AppendUint64(out, 64+uint64(body.Len()))
	out = le.AppendUint32(out, 0)
	for _, v := range []uint16{64, 0, 0, 64, uint16(len(secs)), uint16(len(secs) - 1)} {
		out = le.AppendUint16(out, v)
	}
	out = append(out, body.Bytes()...)
	return append(out, headers...)
}

// makeBTF is a .BTF section of raw types and strings.
func makeBTF(types []uint32, strs string) []byte {
	le := binary.LittleEndian
	var raw []byte
	for _, w := range types {
		raw = le.AppendUint32(raw, w)
	}
	out := le.AppendUint32(nil, 0x0001eb9f)
	out = le.AppendUint32(out, 24)
	for _, v := range []int{0, len(raw), len(raw), len(strs)} {
		out = le.AppendUint32(out, uint32(v))
	}
	return append(append(out, raw...), strs...)
}

// symtab is a symbol table whose symbols are named by the string table's start.
func symtab(n int, info byte, shndx uint16, value func(i int) uint64, size uint64) []byte {
	le := binary.LittleEndian
	out := make([]byte, 24)
	for i := range n {
		out = le.AppendUint32(out, 1)
		out = append(out, info, 0)
		out = le.AppendUint16(out, shndx)
		out = le.AppendUint64(out, value(i))
		out = le.AppendUint64(out, size)
	}
	return out
}

// overlapping are n data sections that share their bytes: each but the first
// claims to begin where the first does.
func overlapping(n int) []elfSection {
	secs := []elfSection{{name: ".data.0", typ: 1, data: make([]byte, 1<<16)}}
	for i := range n {
		secs = append(secs, elfSection{name: fmt.Sprintf(".data.%d", i+1), typ: 1, size: 1 << 16, at: 64})
	}
	return secs
}

func TestReadHostile(t *testing.T) {
	t.Parallel()
	const prog, sym, str, rel, nobits = 1, 2, 3, 9, 8
	exit := []byte{0x95, 0, 0, 0, 0, 0, 0, 0}
	strtab := elfSection{name: ".strtab", typ: str, data: []byte("\x00name\x00")}
	// A chain of pointers, the last of which is the key of a map.
	chain := func(n int) []byte {
		types := []uint32{1, 1 << 24, 4, 32} // int
		for i := range n {                   // each to the next, the last to the int
			types = append(types, 0, 2<<24, uint32((i+2)%(n+1)+1))
		}
		types = append(types, 1, 4<<24|1, 8, 6, 2, 0)              // struct with member "key"
		types = append(types, 1, 14<<24, uint32(n+2), 1)           // variable
		types = append(types, 10, 15<<24|1, 64, uint32(n+3), 0, 8) // data section
		return makeBTF(types, "\x00name\x00key\x00.maps\x00")
	}
	selfPtr := makeBTF([]uint32{0, 2 << 24, 1, 1, 14 << 24, 1, 1, 10, 15<<24 | 1, 64, 2, 0, 8}, "\x00name\x00key\x00.maps\x00")
	maps := func(b []byte) []elfSection {
		return []elfSection{{name: ".maps", typ: prog, data: make([]byte, 64)}, {name: ".BTF", typ: prog, data: b}}
	}
	manySections := make([]elfSection, 0, 20000)
	for i := range 20000 {
		manySections = append(manySections, elfSection{name: fmt.Sprintf(".data.%d", i), typ: prog, data: make([]byte, 8)})
	}
	for _, row := range []struct {
		name string
		secs []elfSection
		want string // in the error, "" if the object opens
	}{
		{"a data section that claims 2^60 bytes", []elfSection{{name: ".bss", typ: nobits, size: 1 << 60}}, "bytes are too many"},
		{"code that claims to go beyond the file", []elfSection{{name: "xdp", typ: prog, flags: 4, data: exit, size: 1 << 40}}, "beyond the end"},
		{"code of half an instruction", []elfSection{{name: "xdp", typ: prog, flags: 4, data: exit[:7]}}, "multiple of 8"},
		{"BTF that is a chain of 4,000 pointers", maps(chain(4000)), "has no type"},
		{"BTF that is a chain of 250,000 pointers", maps(chain(250_000)), "no BTF"},
		{"BTF of too many types", maps(chain(300_000)), "no BTF"},
		{"BTF of a pointer to itself", maps(selfPtr), "not a struct"},
		{"more sections than a loader takes", manySections, "sections"},
		{"a million functions at one place", []elfSection{
			{name: "xdp", typ: prog, flags: 4, data: exit}, strtab,
			{name: ".symtab", typ: sym, link: 2, data: symtab(1_000_000, 0x12, 1, func(int) uint64 { return 0 }, 8)},
		}, "functions at 0"},
		{"functions that overlap", []elfSection{
			{name: "xdp", typ: prog, flags: 4, data: bytes.Repeat(exit, 10_000)}, strtab,
			{name: ".symtab", typ: sym, link: 2, data: symtab(10_000, 0x12, 1, func(i int) uint64 { return uint64(8 * i) }, 0)},
		}, ""},
		{"long functions that overlap", []elfSection{
			{name: "xdp", typ: prog, flags: 4, data: bytes.Repeat(exit, 20_000)}, strtab,
			{name: ".symtab", typ: sym, link: 2, data: symtab(10_000, 0x12, 1, func(i int) uint64 { return uint64(8 * i) }, 80_000)},
		}, "functions of more than"},
		{"a symbol of a section that is not there", []elfSection{
			{name: "xdp", typ: prog, flags: 4, data: exit}, strtab,
			{name: ".symtab", typ: sym, link: 2, data: symtab(1, 0x12, 77, func(int) uint64 { return 0 }, 8)},
		}, "section 77 does not exist"},
		{"a relocation of a symbol that is not there", []elfSection{
			{name: "xdp", typ: prog, flags: 4, data: exit}, strtab,
			{name: ".symtab", typ: sym, link: 2, data: symtab(1, 0x12, 1, func(int) uint64 { return 0 }, 8)},
			{name: ".relxdp", typ: rel, link: 3, info: 1, data: []byte{0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 9, 0, 0, 0}},
		}, "symbol 9 does not exist"},
		{"an instruction that is relocated twice", []elfSection{
			{name: "xdp", typ: prog, flags: 4, data: exit}, strtab,
			{name: ".symtab", typ: sym, link: 2, data: symtab(1, 0x12, 1, func(int) uint64 { return 0 }, 8)},
			{name: ".relxdp", typ: rel, link: 3, info: 1, data: bytes.Repeat([]byte{0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0}, 2)},
		}, "two relocations at 0"},
		{"two data sections of one name", []elfSection{
			{name: ".data", typ: prog, data: make([]byte, 8)}, {name: ".data", typ: prog, data: make([]byte, 8)}}, "is there twice"},
		{"sections that overlap", overlapping(1000), "overlaps"},
		{"a compressed section", []elfSection{{name: "xdp", typ: prog, flags: 4 | 0x800, data: append([]byte{1, 0, 0, 0, 0, 0, 0, 0, 64}, make([]byte, 55)...)}}, "compressed"},
		{"maps without BTF", []elfSection{{name: ".maps", typ: prog, data: make([]byte, 64)}}, "no BTF"},
		{"arena variables without an arena", []elfSection{{name: ".addr_space.1", typ: prog, data: make([]byte, 8)}}, "no arena"},
	} {
		data := makeELF(row.secs)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		start := time.Now()
		c, err := object.Read("hostile.o", bytes.NewReader(data), nil)
		took := time.Since(start)
		runtime.ReadMemStats(&after)
		if err == nil {
			checkImage(t, c)
		}
		if (row.want == "") != (err == nil) || (err != nil && !strings.Contains(err.Error(), row.want)) {
			t.Errorf("%s: %v, want %q", row.name, err, row.want)
		}
		if took > readLimit {
			t.Errorf("%s: took %v", row.name, took)
		}
		t.Logf("%s: %d bytes, %v, %d MB allocated", row.name, len(data), took.Round(time.Millisecond), (after.TotalAlloc-before.TotalAlloc)>>20)
	}
}

// TestCallOutsideSection opens an object with a call of nothing: the program
// is left to the verifier, in which no call may find a function either.
func TestCallOutsideSection(t *testing.T) {
	t.Parallel()
	const prog, sym, str = 1, 2, 3
	for _, off := range []int32{-3, 1, 1 << 30} {
		code := []byte{0x85, 0x10, 0, 0, 0, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0}
		binary.LittleEndian.PutUint32(code[4:], uint32(off))
		c, err := object.Read("call.o", bytes.NewReader(makeELF([]elfSection{
			{name: "tracepoint", typ: prog, flags: 6, data: code},
			{name: ".strtab", typ: str, data: []byte("\x00name\x00")},
			{name: ".symtab", typ: sym, link: 2, data: symtab(1, 0x12, 1, func(int) uint64 { return 0 }, 16)},
		})), nil)
		if err != nil || len(c.Programs) != 1 || c.Programs[0].Err != nil {
			t.Fatalf("call of %d: %v, %+v", off, err, c)
		}
		p := c.Programs[0]
		if to := 1 + int(p.Insns[0].Imm); to >= 0 && to < len(p.Insns) {
			t.Errorf("call of %d: leads to insn %d", off, to)
		}
	}
}
