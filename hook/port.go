package hook

import (
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/skepbpf/skep/internal/packet"
)

// Frame is an Ethernet frame with the time at which it came.
type Frame = packet.Frame

// Source gives frames one after the other, and io.EOF after the last one.
type Source = packet.Source

// Sink takes frames. It must not keep their bytes.
type Sink = packet.Sink

// Recorder is a Sink that keeps copies of its frames.
type Recorder = packet.Recorder

// CaptureWriter is a Sink that writes a capture file. Flush must be called at
// the end.
type CaptureWriter = packet.Writer

// Frames is a Source of frames in memory.
func Frames(frames ...Frame) Source { return &packet.Memory{Frames: frames} }

// ReadCapture is a Source that reads a capture file: pcap or pcapng, plain or
// compressed by gzip.
func ReadCapture(r io.Reader) (Source, error) { return packet.NewReader(r) }

// WriteCapture begins a pcap file with nanoseconds.
func WriteCapture(w io.Writer) (*CaptureWriter, error) { return packet.NewWriter(w, packet.Pcap) }

// WriteCaptureNG begins a pcapng file.
func WriteCaptureNG(w io.Writer) (*CaptureWriter, error) { return packet.NewWriter(w, packet.PcapNG) }

// Port is a network interface of a replay. Its Source and Sinks may be nil.
type Port struct {
	Name string
	// Ifindex is the number under which programs see it and redirect to it; 0
	// takes the lowest that is free, so that ports without are numbered from 1.
	Ifindex uint32
	In      Source // what it receives
	Out     Sink   // what it transmits: XDP_TX, XDP_REDIRECT
	Up      Sink   // what it hands to the network stack: XDP_PASS
}

// port is a Port while it is replayed.
type port struct {
	*Port
	ifindex uint32
	frame   Frame // the next one
	count   int   // frames read
	last    int64 // time of the latest frame, for sources that go back
}

// next reads the port's next frame; In is nil afterwards if there is none.
func (p *port) next() error {
	f, err := p.In.Next()
	if err == io.EOF {
		p.In = nil
		return nil
	}
	if err != nil {
		p.In = nil
		return fmt.Errorf("%s: %w", p.Name, err)
	}
	p.count++
	p.last = max(p.last, f.Time)
	p.frame = f
	return nil
}

// ports are the interfaces of a replay, by number.
type ports struct {
	list    []*port
	byIndex map[uint32]*port
}

// openPorts copies and numbers the ports and reads the first frame of each.
func openPorts(list []*Port) (*ports, error) {
	ps := &ports{byIndex: map[uint32]*port{}}
	if len(list) == 0 {
		return nil, errors.New("no interface")
	}
	for _, given := range list {
		own := *given
		p := &port{Port: &own, ifindex: own.Ifindex, last: math.MinInt64}
		ps.list = append(ps.list, p)
		if p.ifindex == 0 {
			continue
		}
		if q := ps.byIndex[p.ifindex]; q != nil {
			return nil, fmt.Errorf("interfaces %q and %q have both number %d", q.Name, p.Name, p.ifindex)
		}
		ps.byIndex[p.ifindex] = p
	}
	free := uint32(1)
	for _, p := range ps.list {
		if p.ifindex == 0 {
			for ps.byIndex[free] != nil {
				free++
			}
			p.ifindex = free
			ps.byIndex[free] = p
		}
		if p.Name == "" {
			p.Name = fmt.Sprintf("interface %d", p.ifindex)
		}
		if p.In != nil {
			if err := p.next(); err != nil {
				return nil, err
			}
		}
	}
	return ps, nil
}

// earliest is the port whose next frame came first, nil if there is none. Of
// two that came at the same time, the first port's is taken.
func (ps *ports) earliest() *port {
	var first *port
	for _, p := range ps.list {
		if p.In != nil && (first == nil || p.last < first.last) {
			first = p
		}
	}
	return first
}
