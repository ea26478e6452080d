package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/skepbpf/skep"
	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/internal/bench"
	"github.com/skepbpf/skep/internal/selftest"
)

type benchFlags struct {
	packet   string
	initRuns int
	ms       int
	json     bool
	perfMap  bool
	engines  []string
}

func newBench(e *env) *cobra.Command {
	var f benchFlags
	c := &cobra.Command{
		Use:   "bench FILE...",
		Short: "Measure an object's function run",
		Long: `Measure how long a run of an object's function run takes: an XDP program or one
that sees a packet as a struct __sk_buff. Function init runs first, --init-runs
times, to fill maps.

All runs see one packet, which is never reset; maps and variables keep their
state, ring buffers are emptied, untimed, before they fill. Runs are timed in
chunks of about 2 ms; the figure is the chunks' lower quartile. Several engines
take turns. load is the time from the file to loaded programs, compile that of
compiling run alone, the median of seven.`,
		Example: `  skep bench prog.bpf.o --packet packet.bin
  skep bench --json --engine jit --init-runs 1 --ms 500 prog.bpf.o`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return runBench(c.Context(), e, &f, args) },
	}
	fl := c.Flags()
	fl.StringVar(&f.packet, "packet", "", "raw bytes of the packet from this `file` (default 64 zero bytes)")
	fl.IntVar(&f.initRuns, "init-runs", 0, "run function init `N` times before")
	fl.IntVar(&f.ms, "ms", 200, "measure each engine for `M` milliseconds")
	fl.BoolVar(&f.json, "json", false, "print one JSON object a line for each file and engine")
	perfMapFlag(c, &f.perfMap)
	fl.StringSliceVar(&f.engines, "engine", nil, "interp or jit, or both: `name,...` (default: the one that skep run takes)")
	return c
}

// benchResult is a line of bench --json.
type benchResult struct {
	Bench   string  `json:"bench"`
	Engine  string  `json:"engine"`
	PerRun  float64 `json:"ns_per_run"`
	Runs    int     `json:"runs"`
	Result  uint32  `json:"result"`
	Load    int64   `json:"load_ns"`
	Compile int64   `json:"compile_ns"`
}

func runBench(ctx context.Context, e *env, f *benchFlags, files []string) error {
	if f.ms < 1 || f.initRuns < 0 {
		return usageErrorf("--ms must be positive, --init-runs not negative")
	}
	if len(f.engines) == 0 {
		f.engines = []string{""}
	}
	for _, name := range f.engines {
		if name != "" && name != string(skep.EngineInterp) && name != string(skep.EngineJIT) {
			return usageErrorf("engine %q: want interp or jit", name)
		}
	}
	pkt := make([]byte, 64)
	if f.packet != "" {
		var err error
		if pkt, err = os.ReadFile(f.packet); err != nil {
			return err
		}
		if len(pkt) < 14 {
			return usageErrorf("--packet %s: %d bytes: an Ethernet header has 14", f.packet, len(pkt))
		}
	}
	var all []benchResult
	for _, file := range files {
		results, err := benchFile(ctx, e, f, file, pkt)
		if err != nil {
			return err
		}
		all = append(all, results...)
	}
	if f.json {
		for _, r := range all {
			if err := printJSON(e.out, r); err != nil {
				return err
			}
		}
		return nil
	}
	return printBench(e, all)
}

// benchFile measures one object in all engines, which take turns.
func benchFile(ctx context.Context, e *env, f *benchFlags, file string, pkt []byte) (results []benchResult, err error) {
	var unread error // names the file already
	open := func() (*image.Collection, error) {
		img, err := openObject(e, file, false)
		if err != nil {
			unread = err
			return nil, err
		}
		for i, p := range img.Programs {
			img.Programs[i] = selftest.WithFlags(p)
		}
		return img, nil
	}
	var subjects []bench.Subject
	for _, name := range f.engines {
		opts := &bench.Options{Engine: skep.Engine(name), Packet: bytes.Clone(pkt), InitRuns: f.initRuns, PerfMap: f.perfMap}
		s, err := bench.Open(ctx, open, opts)
		if unread != nil {
			return nil, unread
		}
		if err != nil {
			return nil, explainRejection(e, &runFlags{}, file, fmt.Errorf("%s: %w", file, err))
		}
		defer func() { err = errors.Join(err, s.Close()) }()
		subjects = append(subjects, s)
		results = append(results, benchResult{
			Bench: stem(file), Engine: s.Engine, Load: s.Load.Nanoseconds(), Compile: s.Compile.Nanoseconds(),
		})
	}
	figures, err := bench.Measure(time.Duration(f.ms)*time.Millisecond, subjects...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	for i, fig := range figures {
		results[i].PerRun, results[i].Runs, results[i].Result = fig.PerRun, fig.Runs, fig.Result
	}
	return results, nil
}

// stem is a file's name without its folder and its last extension.
func stem(file string) string {
	return strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
}

func printBench(e *env, all []benchResult) error {
	w := tabwriter.NewWriter(e.out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "bench\tengine\tns/run\truns\tresult\tload\tcompile\t")
	for _, r := range all {
		fmt.Fprintf(w, "%s\t%s\t%.1f\t%d\t%#x\t%v\t%v\t\n", r.Bench, r.Engine, r.PerRun, r.Runs, r.Result,
			time.Duration(r.Load).Round(time.Microsecond), time.Duration(r.Compile).Round(time.Microsecond/10))
	}
	return w.Flush()
}
