package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/cilium/ebpf/btf"
	"github.com/spf13/cobra"

	"github.com/skepbpf/skep"
	"github.com/skepbpf/skep/host"
	"github.com/skepbpf/skep/internal/decode"
	"github.com/skepbpf/skep/internal/selftest"
	"github.com/skepbpf/skep/verifier"
)

type runFlags struct {
	program   string
	data      string
	pcaps     []string
	writes    []string
	repeat    uint32
	json      bool
	addresses bool
	all       bool
	events    []string
	btf       string
	engine    string
	cpus      int
	realClock bool
	perfMap   bool
	noVerify  bool
	verbose   bool
}

func newRun(e *env) *cobra.Command {
	var f runFlags
	c := &cobra.Command{
		Use:   "run FILE",
		Short: "Verify a program, run it on packets, show its maps and events",
		Long: `Verify a program, run it on the packets of pcap files or on given bytes, and
show what it did: the verdicts, each map decoded through its types, and the
records of its ring buffers.

Several interfaces: --pcap eth0=a.pcap --pcap eth1=b.pcap, with --write likewise.`,
		Example: `  skep run firewall.bpf.o --pcap traffic.pcap
  skep run firewall.bpf.o --pcap traffic.pcap --write passed.pcap
  skep run --json --program probe probe.bpf.o --data 00112233 --repeat 1000`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return runObject(c.Context(), e, &f, args[0]) },
	}
	fl := c.Flags()
	fl.StringVar(&f.program, "program", "", "`name` of the program (default: the only one that fits)")
	fl.StringVar(&f.data, "data", "", "input as `hex` bytes or @file: a packet, padded to 64 bytes if it has less than an Ethernet header, the memory of raw programs, or the context of programs without either (default 64 zero bytes)")
	fl.StringArrayVar(&f.pcaps, "pcap", nil, "run on the packets of this `[interface=]file`")
	fl.StringArrayVar(&f.writes, "write", nil, "write what passed or was transmitted to this `[interface=]file`")
	fl.Uint32Var(&f.repeat, "repeat", 1, "run `N` times on the same input; with --pcap replay it N times")
	fl.BoolVar(&f.json, "json", false, "print one JSON object")
	fl.BoolVar(&f.addresses, "addresses", false, "show __be32, __be16 and byte arrays of 6 and 16 as addresses and ports")
	fl.BoolVar(&f.all, "all", false, "show array elements that are zero, and all events, too")
	fl.StringArrayVar(&f.events, "event", nil, "the struct of a ring buffer's records, `map=struct`")
	fl.StringVar(&f.btf, "btf", "", "kernel types from this BTF `file` (default: the running kernel's)")
	engineFlag(c, &f.engine)
	perfMapFlag(c, &f.perfMap)
	fl.IntVar(&f.cpus, "cpus", 0, "number of virtual CPUs (default: as many as Go uses)")
	fl.BoolVar(&f.realClock, "real-clock", false, "clocks show the time of day instead of the packets' times")
	fl.BoolVar(&f.noVerify, "unverified", false, "do not verify; check every access while running")
	fl.BoolVarP(&f.verbose, "verbose", "v", false, "print the commands run and the verifier's log")
	return c
}

func runObject(ctx context.Context, e *env, f *runFlags, file string) error {
	if err := checkEngine(f.engine); err != nil {
		return err
	}
	if f.data != "" && len(f.pcaps) > 0 {
		return usageErrorf("--data and --pcap exclude each other")
	}
	if len(f.writes) > 0 && len(f.pcaps) == 0 {
		return usageErrorf("--write needs --pcap")
	}
	named, err := eventTypes(f.events)
	if err != nil {
		return err
	}
	s, err := load(ctx, e, f, file)
	if err != nil {
		return err
	}
	defer s.close()
	s.named = named
	if len(f.pcaps) > 0 {
		return runPcap(ctx, e, f, s)
	}
	return runData(ctx, e, f, s)
}

// eventTypes reads --event map=struct.
func eventTypes(flags []string) (map[string]string, error) {
	out := make(map[string]string, len(flags))
	for _, s := range flags {
		m, t, ok := strings.Cut(s, "=")
		if !ok || m == "" || t == "" {
			return nil, usageErrorf("--event %q: want map=struct", s)
		}
		out[m] = t
	}
	return out, nil
}

// session is a loaded collection with the program to run.
type session struct {
	file  string
	rt    *skep.Runtime
	clock *host.Fixed // follows the packets; nil for the real clock
	coll  *skep.Collection
	prog  *skep.Program
	types *btf.Spec
	named map[string]string // --event
	stats verifier.Stats
	insns int
}

func (s *session) close() {
	s.coll.Close()
	s.rt.Close()
}

// load verifies the chosen program and, through its program arrays, those that
// it can call, and creates the maps they use.
func load(ctx context.Context, e *env, f *runFlags, file string) (*session, error) {
	img, err := openObject(e, file, f.verbose)
	if err != nil {
		return nil, err
	}
	for i, p := range img.Programs {
		img.Programs[i] = selftest.WithFlags(p)
	}
	spec := skep.NewCollectionSpec(img)
	name, err := chooseProgram(img, f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	s := &session{file: file, types: img.Types, insns: len(spec.Programs[name].Image().Insns)}
	world := host.Host(host.NewReal(host.RealOptions{Trace: e.err}))
	if len(f.pcaps) > 0 && !f.realClock {
		s.clock = host.NewFixed(host.FixedOptions{Seed: 1})
		world = s.clock
	}
	if s.rt, err = skep.NewRuntime(&skep.RuntimeOptions{Host: world, CPUs: f.cpus, Engine: skep.Engine(f.engine), PerfMap: f.perfMap}); err != nil {
		return nil, err
	}
	opts := skep.CollectionOptions{Backend: s.rt}
	opts.Programs.Unverified = f.noVerify
	if f.btf != "" {
		if opts.Programs.KernelTypes, err = btf.LoadSpec(f.btf); err != nil {
			s.rt.Close()
			return nil, fmt.Errorf("kernel types %s: %w", f.btf, err)
		}
	}
	if s.coll, err = spec.Load(&opts, name); err != nil {
		s.rt.Close()
		return nil, explainRejection(e, f, file, err)
	}
	s.prog = s.coll.Programs[name]
	info, err := s.prog.Info()
	if err != nil {
		s.close()
		return nil, err
	}
	s.stats = info.Verified
	return s, nil
}

// explainRejection prints the verifier's reason with the C line; the error that
// remains is one line.
func explainRejection(e *env, f *runFlags, file string, err error) error {
	var rej *verifier.Error
	if !errors.As(err, &rej) {
		return err
	}
	if f.verbose && rej.Log != "" {
		fmt.Fprint(e.err, rej.Log)
	}
	if l := rej.Source; l != nil {
		defer fmt.Fprintf(e.err, "  %s:%d\n  %5d | %s\n", l.File, l.Line, l.Line, l.Text)
	}
	return fmt.Errorf("%w (code %s)\n  %s", err, rej.Code, seeExplain(rej.Code.String()))
}

// dataResult is what run --json prints.
type dataResult struct {
	Program string  `json:"program"`
	Retval  uint32  `json:"retval"`
	Runs    int     `json:"runs"`
	PerRun  float64 `json:"ns_per_run"`
}

// runData runs the program on bytes given on the command line.
func runData(ctx context.Context, e *env, f *runFlags, s *session) error {
	data := make([]byte, 64)
	if f.data != "" {
		var err error
		if data, err = readData(f.data); err != nil {
			return err
		}
	}
	events, err := collect(s.coll, f)
	if err != nil {
		return err
	}
	defer events.close()
	data = padPacket(s.prog.Type(), data)
	res, err := s.prog.RunResult(&skep.RunOptions{Data: data, Repeat: f.repeat, Ctx: ctx})
	if err != nil {
		return fmt.Errorf("%s: %w", s.file, err)
	}
	perRun := float64(res.Elapsed.Nanoseconds()) / float64(max(res.Runs, 1))
	if f.json {
		return printJSON(e.out, dataResult{s.prog.Name(), res.Return, res.Runs, perRun})
	}
	printVerified(e, s)
	fmt.Fprintf(e.out, "returned %d (%#x) after %s, %.1f ns a run\n", int32(res.Return), res.Return, count(res.Runs, "run"), perRun)
	if err := printMaps(e, f, s); err != nil {
		return err
	}
	if err := events.poll(); err != nil {
		return err
	}
	printEvents(e, decodeEvents(s, events.got, f.decodeOptions()), events.total)
	return nil
}

// printTrace prints what the programs wrote with bpf_trace_printk; under the
// real clock it has been printed as it came.
func (s *session) printTrace(e *env) {
	if s.clock == nil || len(s.clock.Lines()) == 0 {
		return
	}
	fmt.Fprintf(e.out, "\ntrace\n")
	for _, l := range s.clock.Lines() {
		fmt.Fprintf(e.out, "  %s\n", l.Text)
	}
}

// padPacket fills packets up that are too short for an Ethernet header, as
// network cards do.
func padPacket(t skep.ProgramType, data []byte) []byte {
	info := t.Info()
	if len(data) >= 14 || info == nil || t == skep.Raw || !info.PktRead && t != skep.SocketFilter {
		return data
	}
	return append(data, make([]byte, 64-len(data))...)
}

func printVerified(e *env, s *session) {
	if s.prog.Unverified() {
		fmt.Fprintf(e.out, "%s: %s (%s): not verified, every access is checked\n", s.file, s.prog.Name(), s.prog.Type().Short())
		return
	}
	fmt.Fprintf(e.out, "%s: %s (%s): accepted, %s, %d processed, %d states, %s\n", s.file, s.prog.Name(), s.prog.Type().Short(),
		count(s.insns, "instruction slot"), s.stats.Insns, s.stats.States, s.stats.Time.Round(time.Microsecond))
}

// readData is --data: hex bytes or @file.
func readData(s string) ([]byte, error) {
	if name, ok := strings.CutPrefix(s, "@"); ok {
		return os.ReadFile(name)
	}
	b, err := unhex([]byte(s))
	if err != nil {
		return nil, usageErrorf("--data: %w", err)
	}
	return b, nil
}

// decodeOptions are how values are shown.
func (f *runFlags) decodeOptions() decode.Options { return decode.Options{Addresses: f.addresses} }
