package packet

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"
)

// Frame is a captured Ethernet frame.
type Frame struct {
	Time int64 // nanoseconds since 1970
	// Data is what was captured. A Source keeps it only until its next call.
	Data []byte
	// Length is how long the frame was on the wire; more than len(Data) when
	// the capture cut it.
	Length int
}

// Source gives frames one after the other, and io.EOF after the last one.
type Source interface {
	Next() (Frame, error)
}

// Sink takes frames.
type Sink interface {
	Write(f Frame) error
}

// Memory is a Source of frames in memory.
type Memory struct{ Frames []Frame }

// Next is the first frame that is left.
func (m *Memory) Next() (Frame, error) {
	if len(m.Frames) == 0 {
		return Frame{}, io.EOF
	}
	f := m.Frames[0]
	m.Frames = m.Frames[1:]
	return f, nil
}

// Recorder is a Sink that keeps copies of its frames.
type Recorder struct{ Frames []Frame }

// Write keeps a copy of f.
func (r *Recorder) Write(f Frame) error {
	f.Data = bytes.Clone(f.Data)
	r.Frames = append(r.Frames, f)
	return nil
}

// LinkTypeError says that a capture has no Ethernet headers.
type LinkTypeError struct{ Type int }

// linkNames are the link types that captures without Ethernet headers
// commonly have.
var linkNames = map[int]string{
	0: "BSD loopback", 12: "raw IP", 14: "raw IP", 101: "raw IP", 105: "802.11", 108: "OpenBSD loopback",
	113: "Linux cooked, from the interface \"any\"", 127: "802.11 with radiotap", 228: "raw IPv4", 229: "raw IPv6",
	276: "Linux cooked v2, from the interface \"any\"",
}

// Error names the link type and what to do.
func (e *LinkTypeError) Error() string {
	name := linkNames[e.Type]
	if name == "" {
		name = "see tcpdump.org/linktypes.html"
	}
	return fmt.Sprintf("link type %d (%s): packet programs get Ethernet frames; capture on an Ethernet interface", e.Type, name)
}

// Reader reads a capture file: pcap with micro- or nanoseconds in either byte
// order, or pcapng, and either of them compressed by gzip. It takes no more
// memory than one frame needs, whatever the file says.
type Reader struct {
	read  func() ([]byte, gopacket.CaptureInfo, error)
	mixed bool // pcapng: each frame says its link type
	count int
}

// section is the type of the block that begins a pcapng file.
var section = []byte{0x0a, 0x0d, 0x0d, 0x0a}

// NewReader begins to read a capture file.
func NewReader(r io.Reader) (*Reader, error) {
	b := bufio.NewReaderSize(r, 64<<10)
	if magic, _ := b.Peek(2); len(magic) == 2 && magic[0] == 0x1f && magic[1] == 0x8b {
		z, err := gzip.NewReader(b)
		if err != nil {
			return nil, fmt.Errorf("gzip: %w", err)
		}
		b = bufio.NewReaderSize(z, 64<<10)
	}
	magic, err := b.Peek(4)
	switch {
	case len(magic) == 0 && err == io.EOF:
		return nil, errors.New("no capture file: it is empty")
	case err != nil:
		return nil, fmt.Errorf("no capture file: %w", cut(err))
	}
	if bytes.Equal(magic, section) {
		ng, err := pcapgo.NewNgReader(b, pcapgo.NgReaderOptions{WantMixedLinkType: true})
		if err != nil {
			return nil, fmt.Errorf("pcapng header: %w", cut(err))
		}
		return &Reader{read: ng.ZeroCopyReadPacketData, mixed: true}, nil
	}
	p, err := pcapgo.NewReader(b)
	if err != nil {
		return nil, fmt.Errorf("pcap header: %w", cut(err))
	}
	if t := p.LinkType(); t != layers.LinkTypeEthernet {
		return nil, &LinkTypeError{Type: int(t)}
	}
	return &Reader{read: p.ZeroCopyReadPacketData}, nil
}

// cut makes an end in the middle of something say so.
func cut(err error) error {
	if err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("the file ends in the middle of it")
	}
	return err
}

// Next reads a frame. Its errors name the frame, counted from 1.
func (r *Reader) Next() (Frame, error) {
	data, ci, err := r.read()
	if err == io.EOF {
		return Frame{}, io.EOF
	}
	r.count++
	if err != nil {
		return Frame{}, fmt.Errorf("frame %d: %w", r.count, cut(err))
	}
	if r.mixed {
		if t := linkType(ci); t != layers.LinkTypeEthernet {
			return Frame{}, fmt.Errorf("frame %d: %w", r.count, &LinkTypeError{Type: int(t)})
		}
	}
	if len(data) > MaxPacket {
		return Frame{}, fmt.Errorf("frame %d: %d bytes, limit %d", r.count, len(data), MaxPacket)
	}
	return Frame{Time: ci.Timestamp.UnixNano(), Data: data, Length: max(ci.Length, len(data))}, nil
}

func linkType(ci gopacket.CaptureInfo) layers.LinkType {
	if len(ci.AncillaryData) == 0 {
		return layers.LinkTypeNull
	}
	t, _ := ci.AncillaryData[0].(layers.LinkType)
	return t
}

// Format is the form of a capture file.
type Format uint8

// The formats. Both keep nanoseconds.
const (
	Pcap Format = iota
	PcapNG
)

// Writer writes a capture file of Ethernet frames.
type Writer struct {
	b     *bufio.Writer
	write func(gopacket.CaptureInfo, []byte) error
	flush func() error
}

// NewWriter begins a capture file. Flush must be called at the end.
func NewWriter(w io.Writer, format Format) (*Writer, error) {
	b := bufio.NewWriterSize(w, 64<<10)
	if format == PcapNG {
		face := pcapgo.NgInterface{LinkType: layers.LinkTypeEthernet, TimestampResolution: 9}
		opts := pcapgo.NgWriterOptions{SectionInfo: pcapgo.NgSectionInfo{Application: "skep"}}
		ng, err := pcapgo.NewNgWriterInterface(b, face, opts)
		if err != nil {
			return nil, err
		}
		return &Writer{b: b, write: ng.WritePacket, flush: ng.Flush}, nil
	}
	p := pcapgo.NewWriterNanos(b)
	if err := p.WriteFileHeader(MaxPacket, layers.LinkTypeEthernet); err != nil {
		return nil, err
	}
	return &Writer{b: b, write: p.WritePacket, flush: func() error { return nil }}, nil
}

// Write writes a frame.
func (w *Writer) Write(f Frame) error {
	return w.write(gopacket.CaptureInfo{
		Timestamp: time.Unix(0, f.Time), CaptureLength: len(f.Data), Length: max(f.Length, len(f.Data)),
	}, f.Data)
}

// Flush writes out what is held back.
func (w *Writer) Flush() error {
	if err := w.flush(); err != nil {
		return err
	}
	return w.b.Flush()
}
