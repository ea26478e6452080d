package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/skepbpf/skep/hook"
)

// capture is one --pcap or --write: an interface's name and a file.
type capture struct{ port, file string }

// captures reads [interface=]file flags. A single file needs no interface.
func captures(flag string, values []string) ([]capture, error) {
	out := make([]capture, 0, len(values))
	for _, v := range values {
		c := capture{port: "eth0", file: v}
		if name, file, ok := strings.Cut(v, "="); ok && name != "" && !strings.ContainsAny(name, "/.") {
			c = capture{name, file}
		} else if len(values) > 1 {
			return nil, usageErrorf("--%s %q: several files need an interface each: --%s eth0=%s", flag, v, flag, v)
		}
		if c.file == "" {
			return nil, usageErrorf("--%s %q: no file", flag, v)
		}
		out = append(out, c)
	}
	return out, nil
}

// network is the interfaces of a replay with their open files.
type network struct {
	ports  []*hook.Port
	byName map[string]*hook.Port
	inputs []*os.File
	outs   []*output
}

// output is a capture file on its way: written beside its place and moved there
// at the end, so that a failure leaves nothing half written.
type output struct {
	name string
	tmp  *os.File
	buf  *bufio.Writer
	w    *hook.CaptureWriter
}

// openNetwork opens the files of --pcap and --write.
func openNetwork(f *runFlags) (*network, error) {
	n := &network{byName: make(map[string]*hook.Port)}
	ins, err := captures("pcap", f.pcaps)
	if err != nil {
		return nil, err
	}
	outs, err := captures("write", f.writes)
	if err != nil {
		return nil, err
	}
	for _, c := range ins {
		if err := n.openInput(c); err != nil {
			n.close()
			return nil, err
		}
	}
	for _, c := range outs {
		if err := n.openOutput(c); err != nil {
			n.close()
			return nil, err
		}
	}
	return n, nil
}

func (n *network) port(name string) *hook.Port {
	p := n.byName[name]
	if p == nil {
		p = &hook.Port{Name: name}
		n.byName[name] = p
		n.ports = append(n.ports, p)
	}
	return p
}

func (n *network) openInput(c capture) error {
	p := n.port(c.port)
	if p.In != nil {
		return usageErrorf("--pcap: interface %s is named twice", c.port)
	}
	file, err := os.Open(c.file)
	if err != nil {
		return err
	}
	n.inputs = append(n.inputs, file)
	p.Name = c.file // for errors
	if p.In, err = hook.ReadCapture(file); err != nil {
		return fmt.Errorf("%s: %w", c.file, err)
	}
	return nil
}

// openOutput makes the port's output file, which takes what it transmits and
// what it passes.
func (n *network) openOutput(c capture) error {
	p := n.port(c.port)
	if p.Out != nil {
		return usageErrorf("--write: interface %s is named twice", c.port)
	}
	tmp, err := os.CreateTemp(filepath.Dir(c.file), "."+filepath.Base(c.file)+".*")
	if err != nil {
		return err
	}
	o := &output{name: c.file, tmp: tmp, buf: bufio.NewWriter(tmp)}
	n.outs = append(n.outs, o)
	begin := hook.WriteCapture
	if strings.HasSuffix(c.file, ".pcapng") {
		begin = hook.WriteCaptureNG
	}
	if o.w, err = begin(o.buf); err != nil {
		return fmt.Errorf("%s: %w", c.file, err)
	}
	p.Out, p.Up = o.w, o.w
	return nil
}

// finish moves the outputs to their places.
func (n *network) finish() error {
	for _, o := range n.outs {
		err := errors.Join(o.w.Flush(), o.buf.Flush(), o.tmp.Chmod(0o644), o.tmp.Close())
		if err == nil {
			err = os.Rename(o.tmp.Name(), o.name)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", o.name, err)
		}
	}
	n.outs = nil
	return nil
}

// close closes what is open and removes unfinished outputs.
func (n *network) close() {
	for _, f := range n.inputs {
		f.Close()
	}
	for _, o := range n.outs {
		o.tmp.Close()
		os.Remove(o.tmp.Name())
	}
}

// pcapResult is what run --json --pcap prints.
type pcapResult struct {
	Program string                `json:"program"`
	Verify  verifyFigures         `json:"verify"`
	Actions map[string]hook.Count `json:"actions"`
	PerNS   float64               `json:"ns_per_packet"`
	Maps    map[string][]element  `json:"maps"`
	Events  []event               `json:"events"`
}

type verifyFigures struct {
	Verdict  string `json:"verdict"`
	Insns    int    `json:"insns"`
	Verified int    `json:"verified_insns"`
	States   int    `json:"states"`
	TimeNS   int64  `json:"time_ns"`
}

// runPcap replays captures through the program.
func runPcap(ctx context.Context, e *env, f *runFlags, s *session) (err error) {
	events, err := collect(s.coll, f)
	if err != nil {
		return err
	}
	defer events.close()
	total := &hook.XDPResult{}
	for range max(f.repeat, 1) {
		n, err := openNetwork(f)
		if err != nil {
			return err
		}
		opts := &hook.XDPOptions{Poll: events.poll}
		if s.clock != nil {
			opts.Clock = s.clock
		}
		res, err := hook.ReplayXDP(ctx, s.prog, n.ports, opts)
		if err == nil {
			err = n.finish()
		}
		n.close()
		if err != nil {
			return err
		}
		total.Add(res)
	}
	if err := events.poll(); err != nil {
		return err
	}
	if f.json {
		return printPcapJSON(e, f, s, total, events.got)
	}
	printVerified(e, s)
	printActions(e, total)
	if err := printMaps(e, f, s); err != nil {
		return err
	}
	printEvents(e, decodeEvents(s, events.got, f.decodeOptions()), events.total)
	s.printTrace(e)
	return nil
}

func printActions(e *env, res *hook.XDPResult) {
	all := res.Total()
	fmt.Fprintf(e.out, "%s, %d bytes, %.1f ns a packet\n", count(int(all.Packets), "packet"), all.Bytes, res.PerPacket())
	for name, c := range res.ByName() {
		fmt.Fprintf(e.out, "  %-12s %8s %12d bytes\n", name, count(int(c.Packets), "packet"), c.Bytes)
	}
	if res.NoTarget.Packets > 0 {
		fmt.Fprintf(e.out, "  %s redirected to no interface of the replay\n", count(int(res.NoTarget.Packets), "packet"))
	}
	if res.Cut.Packets > 0 {
		fmt.Fprintf(e.out, "  %s cut short by the capture\n", count(int(res.Cut.Packets), "packet"))
	}
}

func printPcapJSON(e *env, f *runFlags, s *session, res *hook.XDPResult, got []record) error {
	out := pcapResult{
		Program: s.prog.Name(),
		Verify:  verifyFigures{"accept", s.insns, s.stats.Insns, s.stats.States, s.stats.Time.Nanoseconds()},
		Actions: make(map[string]hook.Count),
		PerNS:   res.PerPacket(),
		Maps:    make(map[string][]element),
		Events:  decodeEvents(s, got, f.decodeOptions()),
	}
	for name, c := range res.ByName() {
		out.Actions[name] = c
	}
	for _, name := range sortedMaps(s.coll) {
		m := s.coll.Maps[name]
		if !shown(m) {
			continue
		}
		elements, err := readMap(m, f.decodeOptions())
		if err != nil {
			return fmt.Errorf("map %q: %w", name, err)
		}
		if elements == nil {
			elements = []element{}
		}
		out.Maps[name] = elements
	}
	return printJSON(e.out, out)
}

// printMaps prints the collection's maps, data sections last.
func printMaps(e *env, f *runFlags, s *session) error {
	for _, sections := range []bool{false, true} {
		for _, name := range sortedMaps(s.coll) {
			m := s.coll.Maps[name]
			if !shown(m) || (m.Image().Section != "") != sections {
				continue
			}
			if err := printMap(e.out, m, f.decodeOptions(), f.all); err != nil {
				return err
			}
		}
	}
	return nil
}
