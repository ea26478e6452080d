package main

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/cilium/ebpf/btf"
	"github.com/spf13/cobra"

	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/internal/selftest"
	"github.com/skepbpf/skep/object"
	"github.com/skepbpf/skep/verifier"
)

type verifyFlags struct {
	json, unprivileged bool
	caps               verifier.Caps
	btf, manifest      string
	programs           []string
	logLevel           uint32
	verbose            bool
	stat               statFlags
}

func newVerify(e *env) *cobra.Command {
	var f verifyFlags
	c := &cobra.Command{
		Use:   "verify FILE...",
		Short: "Verify every program by the rules of Linux 6.18",
		Long: `Verify every program of the objects, each alone with the subprograms it
reaches, by the rules of Linux 6.18 for a privileged user, or for one
without capabilities. What is refused to that one without a word, as most
program types are, has a reason of skep's.

Exit code 0 if all are accepted, else 1.

With --stats it prints each program's figures as veristat does, in a table or
as veristat's CSV. A rejection is a figure then and no failure. --compare A.csv
B.csv puts the figures of two CSV files side by side, and insns_a, insns_b,
insns_diff, insns_pct, |insns_diff| are statistics to sort and filter by.
Duration is skep's; figures that skep has not are N/A.`,
		Example: `  skep verify *.bpf.o
  skep verify --stats -s insns,duration -n 10 *.bpf.o
  skep verify --stats -o csv *.bpf.o > base.csv
  skep verify --compare -f 'insns_pct>5' base.csv head.csv`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if err := f.stat.parse(c); err != nil {
				return err
			}
			if f.stat.wanted() {
				return showStats(c.Context(), e, &f, args)
			}
			return verifyFiles(c.Context(), e, &f, args)
		},
	}
	fl := c.Flags()
	fl.BoolVar(&f.json, "json", false, "one JSON object a line for every program")
	fl.BoolVar(&f.unprivileged, "unprivileged", false, "rules for a user without capabilities")
	fl.Func("caps", "with --unprivileged, a user with these `capabilities`: bpf,net_admin,perfmon,sys_admin", func(s string) (err error) {
		f.caps, err = parseCaps(s)
		return err
	})
	fl.StringVar(&f.btf, "btf", "", "kernel types from this BTF `file` (default: the running kernel's)")
	fl.StringVar(&f.manifest, "manifest", "", "load attributes from this `file` of JSON lines")
	fl.StringSliceVar(&f.programs, "program", nil, "only programs of this `name`")
	fl.Uint32Var(&f.logLevel, "log", 0, "print the verifier's log: 1 paths, 2 states")
	fl.BoolVarP(&f.verbose, "verbose", "v", false, "print the commands run and the log of rejections")
	f.stat.add(c)
	return c
}

// verdict is the line that verify --json prints.
type verdict struct {
	File     string `json:"file"`
	Program  string `json:"program"`
	Section  string `json:"section"`
	Type     string `json:"type"`
	Verdict  string `json:"verdict"` // accept, reject, error
	Error    string `json:"error,omitempty"`
	Detail   string `json:"detail,omitempty"` // the lines before the error where one does not say it all
	Code     string `json:"code,omitempty"`
	Errno    int    `json:"errno,omitempty"` // what bpf(2) would return
	Insn     *int   `json:"insn,omitempty"`
	Line     string `json:"line,omitempty"`
	Insns    int    `json:"insns"`
	Verified int    `json:"verified_insns"`
	States   int    `json:"states"`
	TimeNS   int64  `json:"time_ns"`

	log     string
	source  *image.Line
	figures verifier.Stats
}

func verifyFiles(ctx context.Context, e *env, f *verifyFlags, files []string) error {
	man, kernel, err := f.world()
	if err != nil {
		return err
	}
	all := true
	for _, file := range files {
		ok, err := verifyFile(ctx, e, f, file, man, kernel)
		var stop *exitError
		switch {
		case err == nil:
		case ctx.Err() != nil || errors.As(err, &stop) || len(files) == 1:
			return err
		default:
			// The others of a set are judged all the same.
			fmt.Fprintln(e.err, "skep:", err)
		}
		all = all && ok && err == nil
	}
	if !all {
		return &exitError{exitRefused, nil}
	}
	return nil
}

// world reads what programs are verified against.
func (f *verifyFlags) world() (manifest, *kernelTypes, error) {
	var man manifest
	if f.manifest != "" {
		var err error
		if man, err = readManifest(f.manifest); err != nil {
			return nil, nil, err
		}
	}
	kernel := &kernelTypes{file: f.btf}
	if f.btf != "" {
		if _, err := kernel.spec(); err != nil {
			return nil, nil, err
		}
	}
	return man, kernel, nil
}

func verifyFile(ctx context.Context, e *env, f *verifyFlags, file string, man manifest, kernel *kernelTypes) (bool, error) {
	coll, err := openFitted(e, file, f, kernel)
	if err != nil {
		if !f.json {
			return false, err
		}
		// A file of a set that cannot be opened has a line of its own.
		v := verdict{File: file, Verdict: "error", Error: err.Error()}
		return false, json.NewEncoder(e.out).Encode(v)
	}
	all := true
	for _, p := range coll.Programs {
		if !wanted(f.programs, p.Name) {
			continue
		}
		v := verifyProgram(ctx, f, file, p, man, kernel)
		if ctx != nil && ctx.Err() != nil {
			return false, ctx.Err()
		}
		all = all && v.Verdict == "accept"
		if f.json {
			if err := json.NewEncoder(e.out).Encode(v); err != nil {
				return false, err
			}
			continue
		}
		printVerdict(e, f, v)
	}
	return all, nil
}

// openFitted reads a file and fits its programs to the kernel types. A program
// that does not fit has its Err set.
func openFitted(e *env, file string, f *verifyFlags, kernel *kernelTypes) (*image.Collection, error) {
	coll, err := openObject(e, file, f.verbose)
	if err != nil {
		return nil, err
	}
	return fitKernel(coll, kernel), nil
}

// fitKernel fits programs to the kernel types.
func fitKernel(coll *image.Collection, kernel *kernelTypes) *image.Collection {
	target, _ := object.HostTarget() // what it cannot tell fails those that ask
	if types, err := kernel.spec(); err == nil {
		target.KernelTypes = types
	}
	fitted := object.Resolve(coll, target)
	if fitted.ByteOrder == binary.BigEndian {
		// Constants in data sections would be read the wrong way round.
		for _, p := range fitted.Programs {
			p.Err = errBigEndian
		}
	}
	return fitted
}

var errBigEndian = errors.New("big-endian programs can be read and dumped only: compile with -target bpfel")

func wanted(names []string, name string) bool {
	if len(names) == 0 {
		return true
	}
	for _, n := range names {
		if n == name {
			return true
		}
	}
	return false
}

// verifyProgram judges one program alone.
func verifyProgram(ctx context.Context, f *verifyFlags, file string, p *image.Program, man manifest, kernel *kernelTypes) verdict {
	p = man.apply(selftest.WithFlags(p))
	v := verdict{File: file, Program: p.Name, Section: p.Section, Type: p.Type.Short(), Insns: len(p.Insns)}
	fail := func(err error) verdict {
		v.Verdict, v.Error = "error", err.Error()
		return v
	}
	types, err := kernel.spec()
	if err != nil && f.btf != "" {
		return fail(err)
	}
	if p.Err != nil {
		return fail(p.Err)
	}
	opts := &verifier.Options{KernelTypes: types, LogLevel: f.logLevel, CPUs: runtime.NumCPU()}
	if f.verbose && f.logLevel == 0 {
		opts.LogLevel = 1
	}
	if f.unprivileged {
		opts.Trust, opts.Caps = verifier.Sandbox, f.caps
	}
	if f.btf == "" {
		opts.Symbol = kernel.symbol
	}
	start := time.Now()
	proven, err := verifier.Verify(ctx, selftest.WithSizes(p), opts)
	v.TimeNS = time.Since(start).Nanoseconds()
	var rej *verifier.Error
	switch {
	case err == nil:
		v.Verdict, v.log = "accept", proven.Log()
		v.stats(proven.Stats())
	case errors.As(err, &rej):
		v.Verdict, v.Error, v.Code, v.log = "reject", rej.Msg, rej.Code.String(), rej.Log
		v.Errno = int(rej.Errno)
		if f.json && rej.Linux != "" && rej.Linux != rej.Msg {
			v.Error += "\n" + rej.Linux
		}
		v.Detail = rej.Detail
		v.stats(rej.Stats)
		if rej.Insn >= 0 {
			v.Insn = &rej.Insn
		}
		if l := rej.Source; l != nil {
			v.source, v.Line = l, fmt.Sprintf("%s:%d", l.File, l.Line)
		}
	default:
		return fail(err)
	}
	return v
}

func (v *verdict) stats(s verifier.Stats) {
	v.Verified, v.States, v.figures = s.Insns, s.States, s
}

func printVerdict(e *env, f *verifyFlags, v verdict) {
	if v.log != "" && (f.logLevel != 0 || v.Verdict == "reject") {
		fmt.Fprint(e.out, v.log)
	}
	fmt.Fprintf(e.out, "%s: %s (%s): %s", v.File, v.Program, v.Type, v.Verdict)
	if v.Verdict != "error" {
		fmt.Fprintf(e.out, ", %d insns, %d processed, %d states, %s",
			v.Insns, v.Verified, v.States, time.Duration(v.TimeNS).Round(time.Microsecond))
	}
	fmt.Fprintln(e.out)
	if v.Error == "" {
		return
	}
	if v.source != nil {
		fmt.Fprintf(e.out, "  %s\n  %5d | %s\n", v.Line, v.source.Line, v.source.Text)
	}
	if v.Insn != nil {
		fmt.Fprintf(e.out, "  insn %d: ", *v.Insn)
	} else {
		fmt.Fprint(e.out, "  ")
	}
	if v.Detail != "" {
		fmt.Fprintf(e.out, "%s\n  ", strings.ReplaceAll(v.Detail, "\n", "\n  "))
	}
	fmt.Fprintln(e.out, v.Error)
	if v.Code != "" {
		fmt.Fprintf(e.out, "  code %s\n  %s\n", v.Code, seeExplain(v.Code))
	}
}

// kernelTypes loads the kernel's BTF once, when it is first needed.
type kernelTypes struct {
	file string
	once sync.Once
	s    *btf.Spec
	err  error

	target sync.Once
	host   *object.Target
}

// symbol finds the address of a symbol of the running kernel. Where the kernel
// lists none, all are taken to be there.
func (k *kernelTypes) symbol(name string) (uint64, bool) {
	k.target.Do(func() { k.host, _ = object.HostTarget() })
	if _, ok := k.host.Symbol("bpf_prog_load"); !ok {
		return 0, true
	}
	return k.host.Symbol(name)
}

func (k *kernelTypes) spec() (*btf.Spec, error) {
	k.once.Do(func() {
		if k.file != "" {
			if k.s, k.err = btf.LoadSpec(k.file); k.err != nil {
				k.err = fmt.Errorf("kernel types %s: %w", k.file, k.err)
			}
			return
		}
		k.s, k.err = btf.LoadKernelSpec()
	})
	return k.s, k.err
}
