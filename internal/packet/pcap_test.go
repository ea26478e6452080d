package packet

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var sample = []Frame{
	{Time: 1_700_000_000_123_456_789, Data: bytes.Repeat([]byte{1}, 14), Length: 14},
	{Time: 1_700_000_000_123_456_790, Data: bytes.Repeat([]byte{2}, 61), Length: 61},
	{Time: 1_700_000_001_000_000_000, Data: bytes.Repeat([]byte{3}, 100), Length: 1514},
}

func readAll(r io.Reader) ([]Frame, error) {
	p, err := NewReader(r)
	if err != nil {
		return nil, err
	}
	var rec Recorder
	for {
		f, err := p.Next()
		if err == io.EOF {
			return rec.Frames, nil
		}
		if err != nil {
			return rec.Frames, err
		}
		_ = rec.Write(f)
	}
}

func written(t testing.TB, format Format, frames []Frame) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := NewWriter(&b, format)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range frames {
		if err := w.Write(f); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func zipped(t testing.TB, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	if _, err := z.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestWrittenCapturesReadBack(t *testing.T) {
	t.Parallel()
	for name, format := range map[string]Format{"pcap": Pcap, "pcapng": PcapNG} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := written(t, format, sample)
			for _, b := range [][]byte{file, zipped(t, file)} {
				got, err := readAll(bytes.NewReader(b))
				if err != nil {
					t.Fatal(err)
				}
				if d := cmp.Diff(sample, got); d != "" {
					t.Error(d)
				}
			}
		})
	}
}

// classic makes a pcap file by hand, field by field.
func classic(order binary.AppendByteOrder, magic uint32, link uint32, records ...[]byte) []byte {
	b := order.AppendUint32(nil, magic)
	b = order.AppendUint16(b, 2)
	b = order.AppendUint16(b, 4)
	b = append(b, make([]byte, 8)...)
	b = order.AppendUint32(b, 65535)
	b = order.AppendUint32(b, link)
	return append(b, bytes.Join(records, nil)...)
}

func record(order binary.AppendByteOrder, sec, frac, captured, length uint32, data []byte) []byte {
	b := order.AppendUint32(nil, sec)
	b = order.AppendUint32(b, frac)
	b = order.AppendUint32(b, captured)
	b = order.AppendUint32(b, length)
	return append(b, data...)
}

func TestClassicCapturesOfEitherOrderAndPrecision(t *testing.T) {
	t.Parallel()
	data := bytes.Repeat([]byte{7}, 20)
	for _, c := range []struct {
		name  string
		order binary.AppendByteOrder
		magic uint32
		frac  uint32
		want  int64
	}{
		{"little-endian microseconds", binary.LittleEndian, 0xa1b2c3d4, 999_999, 5_999_999_000},
		{"big-endian microseconds", binary.BigEndian, 0xa1b2c3d4, 1, 5_000_001_000},
		{"little-endian nanoseconds", binary.LittleEndian, 0xa1b23c4d, 999_999_999, 5_999_999_999},
		{"big-endian nanoseconds", binary.BigEndian, 0xa1b23c4d, 1, 5_000_000_001},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := readAll(bytes.NewReader(classic(c.order, c.magic, 1, record(c.order, 5, c.frac, 20, 60, data))))
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff([]Frame{{Time: c.want, Data: data, Length: 60}}, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestBadCapturesSayWhere(t *testing.T) {
	t.Parallel()
	le := binary.LittleEndian
	good := record(le, 1, 0, 4, 4, []byte("abcd"))
	for _, c := range []struct {
		name, want string
		file       []byte
	}{
		{"an empty file", "it is empty", nil},
		{"a file of three bytes", "no capture file", []byte{1, 2, 3}},
		{"text", "pcap header: ", []byte("#!/bin/sh\necho this is no capture file\n")},
		{"a header cut short", "pcap header: the file ends", classic(le, 0xa1b2c3d4, 1)[:20]},
		{"a raw IP capture", "link type 101 (raw IP)", classic(le, 0xa1b2c3d4, 101, good)},
		{"a cooked capture", `interface "any"`, classic(le, 0xa1b2c3d4, 113, good)},
		{"an unheard-of link type", "link type 999 (see tcpdump.org", classic(le, 0xa1b2c3d4, 999, good)},
		{"a record header cut short", "frame 2: the file ends", classic(le, 0xa1b2c3d4, 1, good, good[:9])},
		{"a record cut short", "frame 2: the file ends", classic(le, 0xa1b2c3d4, 1, good, good[:18])},
		{"a frame of 4 GiB", "frame 1: ", classic(le, 0xa1b2c3d4, 1, record(le, 1, 0, 0xffff_ffff, 0xffff_ffff, nil))},
		{"a frame above the limit", "limit 131072", classic(le, 0xa1b2c3d4, 1, record(le, 1, 0, MaxPacket+1, MaxPacket+1, make([]byte, MaxPacket+1)))},
		{"a frame longer than it was", "frame 1: ", classic(le, 0xa1b2c3d4, 1, record(le, 1, 0, 4, 2, []byte("abcd")))},
		{"a pcapng header cut short", "pcapng header: the file ends", written(t, PcapNG, nil)[:10]},
		{"broken gzip", "gzip", []byte{0x1f, 0x8b, 9, 9, 9, 9, 9, 9, 9, 9, 9}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := readAll(bytes.NewReader(c.file))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one with %q", err, c.want)
			}
		})
	}
}

func TestLinkTypeOfEachPcapngInterface(t *testing.T) {
	t.Parallel()
	file := written(t, PcapNG, sample)
	at := binary.LittleEndian.Uint32(file[4:]) // past the section header
	if file[at] != 1 {
		t.Fatal("no interface block after the section header")
	}
	binary.LittleEndian.PutUint16(file[at+8:], 101)
	_, err := readAll(bytes.NewReader(file))
	var link *LinkTypeError
	if !errors.As(err, &link) || link.Type != 101 {
		t.Errorf("error %v, want one about link type 101", err)
	}
}

func TestMemoryEnds(t *testing.T) {
	t.Parallel()
	m := &Memory{Frames: sample}
	for i := range sample {
		f, err := m.Next()
		if err != nil || f.Time != sample[i].Time {
			t.Fatalf("frame %d: %v, %v", i, f, err)
		}
	}
	if _, err := m.Next(); err != io.EOF {
		t.Errorf("error %v at the end, want EOF", err)
	}
}

func FuzzReader(f *testing.F) {
	f.Add(written(f, Pcap, sample))
	f.Add(written(f, PcapNG, sample))
	f.Add(zipped(f, written(f, Pcap, sample)))
	f.Add(classic(binary.BigEndian, 0xa1b2c3d4, 1, record(binary.BigEndian, 1, 2, 4, 4, []byte("abcd"))))
	f.Add(classic(binary.LittleEndian, 0xa1b2c3d4, 101))
	f.Fuzz(func(t *testing.T, file []byte) {
		if len(file) > 1<<16 {
			return
		}
		r, err := NewReader(bytes.NewReader(file))
		if err != nil {
			return
		}
		var w bytes.Buffer
		out, err := NewWriter(&w, Pcap)
		if err != nil {
			t.Fatal(err)
		}
		for n := 0; n < 1000; n++ {
			fr, err := r.Next()
			if err != nil {
				break
			}
			if len(fr.Data) > MaxPacket || fr.Length < len(fr.Data) {
				t.Fatalf("frame of %d bytes that says %d", len(fr.Data), fr.Length)
			}
			if err := out.Write(fr); err != nil {
				t.Fatal(err)
			}
		}
	})
}
