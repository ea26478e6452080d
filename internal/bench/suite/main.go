package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/skepbpf/skep/internal/bench"
)

type options struct {
	progs   string
	engines []string
	rows    []row
	length  time.Duration
	clang   string
	cflags  []string
	check   bool
	packet  []byte
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	o, err := parse(os.Args[1:])
	if err == nil {
		err = run(ctx, o)
	}
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "suite:", err)
		os.Exit(1)
	}
}

func parse(args []string) (*options, error) {
	o := &options{}
	fl := flag.NewFlagSet("suite", flag.ExitOnError)
	fl.StringVar(&o.progs, "progs", "internal/bench/progs", "`folder` of the programs")
	fl.StringVar(&o.clang, "clang", "clang-19", "the C `compiler`")
	fl.BoolVar(&o.check, "check", false, "fail where a target is missed")
	pattern := fl.String("run", "", "measure the rows whose names match this `regexp`")
	engines := fl.String("engines", "interp,jit,native,kernel", "what to measure")
	ms := fl.Int("ms", 100, "measure each row in each engine for `M` milliseconds")
	cflags := fl.String("cflags", "-O2", "of native C")
	if err := fl.Parse(args); err != nil {
		return nil, err
	}
	if fl.NArg() > 0 || *ms < 1 {
		return nil, errors.New("wrong arguments: see -help")
	}
	o.length, o.cflags = time.Duration(*ms)*time.Millisecond, strings.Fields(*cflags)
	re, err := regexp.Compile(*pattern)
	if err != nil {
		return nil, err
	}
	for _, r := range rows {
		if re.MatchString(r.name) {
			o.rows = append(o.rows, r)
		}
	}
	if len(o.rows) == 0 {
		return nil, fmt.Errorf("no row matches %q", *pattern)
	}
	for _, e := range strings.Split(*engines, ",") {
		if !slices.Contains([]string{"interp", "jit", "native", "kernel"}, e) {
			return nil, fmt.Errorf("engine %q: want interp, jit, native or kernel", e)
		}
		o.engines = append(o.engines, e)
	}
	o.packet, err = os.ReadFile(filepath.Join(o.progs, "packet.bin"))
	return o, err
}

// engine opens rows as subjects.
type engine interface {
	open(ctx context.Context, r *row) (subject, error)
	close() error
}

// subject is a row in an engine.
type subject interface {
	bench.Subject
	Close() error
}

// engines are those of o that this machine has.
func (o *options) open(ctx context.Context) (names []string, engines []engine) {
	for _, name := range o.engines {
		var e engine
		var err error
		switch name {
		case "native":
			e, err = newNative(ctx, o)
		case "kernel":
			e, err = newKernel(o)
		default:
			e, err = newSkep(o, name)
		}
		if err != nil {
			fmt.Fprintf(os.Stderr, "suite: %s is left out: %v\n", name, err)
			continue
		}
		names, engines = append(names, name), append(engines, e)
	}
	return names, engines
}

func run(ctx context.Context, o *options) error {
	names, engines := o.open(ctx)
	if len(engines) == 0 {
		return errors.New("no engine is left")
	}
	defer func() {
		for _, e := range engines {
			_ = e.close()
		}
	}()
	t := newTable(os.Stdout, names)
	for _, r := range o.rows {
		figs, bare, err := o.measure(ctx, engines, &r)
		if err != nil {
			return fmt.Errorf("%s: %w", r.name, err)
		}
		t.add(&r, figs, bare)
	}
	return t.end(o.check)
}

// measure measures a row in the engines that have it, and an empty run of each.
func (o *options) measure(ctx context.Context, engines []engine, r *row) (figs, bare []*bench.Figure, err error) {
	figs, bare = make([]*bench.Figure, len(engines)), make([]*bench.Figure, len(engines))
	var subjects []bench.Subject
	var to []**bench.Figure
	for i, e := range engines {
		if _, ok := e.(*native); ok && !r.native {
			continue
		}
		for _, one := range []struct {
			row *row
			to  **bench.Figure
		}{{r, &figs[i]}, {&empty, &bare[i]}} {
			s, err := e.open(ctx, one.row)
			if err != nil {
				return nil, nil, fmt.Errorf("%s: %w", o.engines[i], err)
			}
			defer func() { _ = s.Close() }()
			subjects, to = append(subjects, s), append(to, one.to)
		}
	}
	all, err := bench.Measure(o.length, subjects...)
	if err != nil {
		return nil, nil, err
	}
	for i := range all {
		*to[i] = &all[i]
	}
	return figs, bare, sameResults(figs)
}

func sameResults(figs []*bench.Figure) error {
	var first *bench.Figure
	for _, f := range figs {
		if f == nil {
			continue
		}
		if first == nil {
			first = f
		}
		if f.Result != first.Result {
			return fmt.Errorf("results differ: %#x and %#x", first.Result, f.Result)
		}
	}
	return nil
}
