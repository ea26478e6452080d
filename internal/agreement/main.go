package main

import (
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

// options are the command line.
type options struct {
	objs, only, record, known, user   string
	live, write, child, verbose, list bool
	jobs, repeat                      int
	limit                             time.Duration
}

const usage = `usage: agreement -objs DIR [-record FILE] [-known FILE] [flags]

Holds skep's verdicts on every program of the objects in DIR against those in
the record, or with -live against the running kernel's.

Exit code 0 if every difference is in the list of known ones and every known one
is still there, 1 if not, 2 for wrong usage, 3 if nothing could be compared.

`

func parse(args []string, errOut io.Writer) (*options, error) {
	o := new(options)
	fs := flag.NewFlagSet("agreement", flag.ContinueOnError)
	fs.SetOutput(errOut)
	fs.Usage = func() { fmt.Fprint(errOut, usage); fs.PrintDefaults() }
	fs.StringVar(&o.objs, "objs", "", "folder of the objects, *.bpf.o and *.tests")
	fs.StringVar(&o.only, "only", "", "only objects whose names match this `pattern`")
	fs.StringVar(&o.record, "record", "", "`file` of a kernel's verdicts")
	fs.StringVar(&o.known, "known", "", "`file` of the known differences")
	fs.StringVar(&o.user, "user", "", "load as a user with these `capabilities`: none, or bpf,perfmon,net_admin,sys_admin (default: root)")
	fs.BoolVar(&o.live, "live", false, "ask the running kernel (needs bpf(2))")
	fs.BoolVar(&o.write, "write", false, "with -live: write the kernel's verdicts to the record")
	fs.BoolVar(&o.list, "list", false, "print unlisted differences as the list of known ones has them")
	fs.BoolVar(&o.verbose, "v", false, "name the programs that Linux gave no verdict on")
	fs.IntVar(&o.jobs, "j", 0, "children at a time (default: one with -live, so that times are worth something; else one for each CPU)")
	fs.IntVar(&o.repeat, "repeat", 1, "with -live: take the best time of `n`, of programs that take over 1 ms")
	fs.DurationVar(&o.limit, "limit", time.Minute, "longest time for one program")
	fs.BoolVar(&o.child, "child", false, "answer tasks from standard input (what this command starts)")
	if err := fs.Parse(args); err != nil {
		return nil, err
	}
	switch {
	case fs.NArg() > 0 || o.objs == "":
		return nil, errors.New("needs -objs and no arguments")
	case o.write && (!o.live || o.record == "" || o.only != ""):
		return nil, errors.New("-write needs -live, -record and the whole corpus")
	case !o.live && o.record == "" && !o.child:
		return nil, errors.New("needs -record or -live")
	}
	if o.jobs == 0 {
		o.jobs = 1
		if !o.live {
			o.jobs = runtime.NumCPU()
		}
	}
	return o, nil
}

// The exit codes.
const (
	exitOK, exitDiffers, exitUsage, exitNothing = 0, 1, 2, 3
)

func run(args []string, in io.Reader, out, errOut io.Writer) int {
	o, err := parse(args, errOut)
	if errors.Is(err, flag.ErrHelp) {
		return exitOK
	}
	if err != nil {
		fmt.Fprintln(errOut, "agreement:", err)
		return exitUsage
	}
	if o.child {
		c := newCorpus(o.live, o.repeat)
		if c.user, err = parseUser(o.user); err == nil {
			err = serve(o.objs, c, in, out)
		}
		if err != nil {
			fmt.Fprintln(errOut, "agreement:", err)
			return exitDiffers
		}
		return exitOK
	}
	code, err := o.compare(out)
	if err != nil {
		fmt.Fprintln(errOut, "agreement:", err)
		return exitNothing
	}
	return code
}

// compare makes the survey and prints what came out.
func (o *options) compare(out io.Writer) (int, error) {
	rec, list, objects, err := o.inputs()
	if err != nil {
		return 0, err
	}
	s := &survey{live: o.live, limit: o.limit}
	s.argv, err = o.childCommand()
	if err != nil {
		return 0, err
	}
	begin := time.Now()
	if err := s.run(objects, o.jobs); err != nil {
		return 0, err
	}
	here := thisKernel()
	if o.write {
		here.results = s.results
		if err := here.write(o.record); err != nil {
			return 0, err
		}
		fmt.Fprintf(out, "wrote %s\n", o.record)
	}
	source := "asked in this run"
	var missing []string
	if !o.live {
		missing = s.merge(rec, here.Types == rec.Types, o.only == "")
		source = "recorded of Linux " + rec.Release
	}
	results := sorted(s.results)
	fmt.Fprintf(out, "%d programs in %d objects, %.0f s; Linux: %s\n\n", len(results), len(objects), time.Since(begin).Seconds(), source)
	printTable(out, results)
	printDifferences(out, results, list)
	printNotAsked(out, results, o.verbose)
	printFigures(out, results, source)
	for _, obj := range slices.Sorted(maps.Keys(s.failed)) {
		fmt.Fprintf(out, "\n%s gave nothing: %s\n", obj, s.failed[obj])
	}
	return o.verdict(out, results, list, missing), nil
}

// inputs reads what the survey is made of.
func (o *options) inputs() (*record, known, []string, error) {
	rec, list := &record{}, make(known)
	var err error
	if !o.live {
		if rec, err = readRecord(o.record); err != nil {
			return nil, nil, nil, err
		}
	}
	if o.known != "" {
		if list, err = readKnown(o.known); err != nil {
			return nil, nil, nil, err
		}
	}
	pattern := o.only
	if pattern == "" {
		pattern = "*"
	}
	var files []string
	for _, suffix := range []string{objectSuffix, testsSuffix} {
		more, err := filepath.Glob(filepath.Join(o.objs, pattern+suffix))
		if err != nil {
			return nil, nil, nil, err
		}
		files = append(files, more...)
	}
	if len(files) == 0 {
		return nil, nil, nil, fmt.Errorf("no objects in %s", o.objs)
	}
	for i, f := range files {
		files[i] = filepath.Base(f)
	}
	return rec, list, files, nil
}

func (o *options) childCommand() ([]string, error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, err
	}
	argv := []string{exe, "-child", "-objs", o.objs, "-repeat", strconv.Itoa(o.repeat)}
	if o.live {
		argv = append(argv, "-live")
	}
	if o.user != "" {
		argv = append(argv, "-user", o.user)
	}
	return argv, nil
}

// verdict prints what makes the comparison fail.
func (o *options) verdict(out io.Writer, results []*result, list known, missing []string) int {
	unlisted, gone := list.check(results, o.only == "")
	for _, r := range unlisted {
		if o.list {
			fmt.Fprintln(out, r.line("?"))
		} else {
			fmt.Fprintf(out, "not listed: %s: skep: %s; Linux: %s\n", r.key, r.Ours, r.Theirs)
		}
	}
	for _, d := range gone {
		fmt.Fprintf(out, "listed, but gone: %s: delete its line\n", d.key)
	}
	for _, m := range missing {
		fmt.Fprintf(out, "recorded, but in no object: %s\n", m)
	}
	var all tally
	far := 0
	for _, r := range results {
		if r.kind() != notAsked {
			all.add(r)
		}
		if r.far() {
			far++
			fmt.Fprintf(out, "more than a factor of 2 apart: %s: processes %d instructions; Linux: %d\n", r.key, r.Ours.Insns, r.Theirs.Insns)
		}
	}
	fmt.Fprintf(out, "\n%d of %d agree, %d unsound, %d false rejects, %d without an answer; %d of %d last lines the same; %d differences known, %d not, %d gone\n",
		all.agree, all.programs, all.unsound, all.falseReject, all.noAnswer, all.sameLine, all.bothReject,
		len(list)-len(gone), len(unlisted), len(gone))
	if len(unlisted)+len(gone)+len(missing)+far > 0 {
		return exitDiffers
	}
	return exitOK
}

// thisKernel is the running kernel, without verdicts.
func thisKernel() *record {
	r := &record{Machine: runtime.GOARCH}
	if b, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		r.Release = strings.TrimSpace(string(b))
	}
	if b, err := os.ReadFile("/sys/kernel/btf/vmlinux"); err == nil {
		r.Types = fmt.Sprintf("%x", sha256.Sum256(b))
	}
	return r
}
