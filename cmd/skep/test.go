package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/skepbpf/skep"
	"github.com/skepbpf/skep/host"
	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/internal/selftest"
	"github.com/skepbpf/skep/verifier"
)

// testDataLen is the length of the packet that tests run on, all zeroes.
const testDataLen = 64

type testOptions struct {
	json, unprivileged, verbose bool
	btf, engine                 string
	programs                    []string
}

func newTest(e *env) *cobra.Command {
	var f testOptions
	c := &cobra.Command{
		Use:   "test FILE...",
		Short: "Hold programs to the expectations written in their object",
		Long: `Hold every program to the expectations that its object has as BTF decl tags, in
the form of the kernel's selftests (bpf_misc.h). Honoured are

  __success, __failure            the verdict
  __msg, __not_msg                text that the log has, in this order, and text
                                  that it has not between those; {{ }} holds an
                                  extended regular expression
  __retval                        what the program returns, run on 64 zero bytes
  their _unpriv forms             the same for unprivileged users, if
                                  --unprivileged is given; else named as not
                                  checked
  __caps_unpriv                   capabilities that these users have after all
  __auxiliary, __auxiliary_unpriv programs loaded with the others
  __log_level, __flag             how the program is loaded
  __btf_path                      the kernel types, instead of --btf
  __description                   the test's name
  __arch_*, __load_if_JITed, __load_if_no_JITed
                                  where the test applies: skep verifies by the
                                  rules of a kernel with a JIT

Translated and machine code (__xlated, __jited), a program's streams (__stderr,
__stdout) and tags that skep does not know are counted by name as not checked.
Skipped are programs without expectations, programs that need a symbol, a
function or an attach target that the kernel types do not have, and, after the
verdict, those that skep cannot run as asked for, such as with __linear_size.
Values that user space would put into maps before a run are not there.

Exit code 1 if a program fails its expectations, else 0.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return testFiles(c.Context(), e, &f, args) },
	}
	fl := c.Flags()
	fl.BoolVar(&f.json, "json", false, "one JSON object a line for every test")
	fl.BoolVar(&f.unprivileged, "unprivileged", false, "check expectations of unprivileged users, too")
	fl.StringVar(&f.btf, "btf", "", "kernel types from this BTF `file` (default: the running kernel's)")
	fl.StringSliceVar(&f.programs, "program", nil, "only programs of this `name`")
	engineFlag(c, &f.engine)
	fl.BoolVarP(&f.verbose, "verbose", "v", false, "print the verifier's logs")
	return c
}

// tester holds the objects of one command to their expectations.
type tester struct {
	e       *env
	f       *testOptions
	kernel  *kernelTypes
	counts  tally           // of results
	skipped tally           // by kinds of reasons
	lacking tally           // expectations not checked, by kind
	seen    map[string]bool // names of programs
}

func testFiles(ctx context.Context, e *env, f *testOptions, files []string) error {
	if err := checkEngine(f.engine); err != nil {
		return err
	}
	t := &tester{e: e, f: f, kernel: &kernelTypes{file: f.btf}, counts: tally{}, skipped: tally{}, lacking: tally{}, seen: make(map[string]bool)}
	if f.btf != "" {
		if _, err := t.kernel.spec(); err != nil {
			return err
		}
	}
	var unread error
	for _, file := range files {
		if len(files) > 1 && !f.json {
			fmt.Fprintf(e.out, "%s:\n", file)
		}
		if err := t.file(ctx, file); err != nil {
			if ctx.Err() != nil || len(files) == 1 && !f.json {
				return err
			}
			// The others of a set are tested all the same.
			unread = err
			if !f.json {
				fmt.Fprintln(e.err, "skep:", err)
			} else if err := t.print(&testResult{File: file, Result: testFail, Reason: err.Error()}); err != nil {
				return err
			}
		}
	}
	for _, name := range f.programs {
		if !t.seen[name] && unread == nil {
			return fmt.Errorf("no program %q in %s", name, strings.Join(files, ", "))
		}
	}
	if !f.json {
		t.printSum()
	}
	if t.counts[testFail] > 0 || unread != nil {
		return &exitError{exitRefused, nil}
	}
	return nil
}

// testObject is an object with what its programs shall do.
type testObject struct {
	file  string
	raw   *image.Collection // as read: for loading
	fit   *image.Collection // for the kernel types: for verdicts
	wants []*expectations   // of raw.Programs
}

func (t *tester) file(ctx context.Context, file string) error {
	raw, err := openObject(t.e, file, t.f.verbose)
	if err != nil {
		return err
	}
	o := &testObject{file: file, raw: raw, fit: fitKernel(raw, t.kernel)}
	for i, p := range raw.Programs {
		raw.Programs[i] = selftest.WithFlags(p)
		o.wants = append(o.wants, readExpectations(p.Tests))
	}
	for i, p := range raw.Programs {
		t.seen[p.Name] = true
		if wanted(t.f.programs, p.Name) && !o.wants[i].auxiliary {
			if err := t.program(ctx, o, i); err != nil {
				return err
			}
		}
	}
	return nil
}

// program tests a program in each mode that there are expectations of.
func (t *tester) program(ctx context.Context, o *testObject, i int) error {
	x, name := o.wants[i], o.raw.Programs[i].Name
	r := testResult{File: o.file, Program: name, Description: x.description, NotChecked: x.notChecked}
	skip := func(kind, reason string) error {
		r.skip(kind, reason)
		return t.print(&r)
	}
	switch {
	case !x.tagged:
		return skip(skipUntagged, "no expectations")
	case x.err != nil:
		r.Result, r.Reason = testFail, x.err.Error()
		return t.print(&r)
	case len(x.archs) > 0 && !slices.Contains(x.archs, archTags[runtime.GOARCH]):
		return skip(skipElsewhere, "meant for "+strings.Join(x.archs, ", "))
	case x.loadMode == "no_jited":
		return skip(skipElsewhere, "meant for kernels without a JIT, whose rules differ")
	}
	if x.unpriv.asked && !t.f.unprivileged {
		r.NotChecked = r.NotChecked.with("unprivileged", 1)
		if !x.priv.asked {
			return skip(skipUnprivileged, "expectations of unprivileged users only: give --unprivileged")
		}
	}
	if x.priv.asked {
		if err := t.mode(ctx, o, i, &x.priv, r, verifier.Kernel); err != nil {
			return err
		}
	}
	if !x.unpriv.asked || !t.f.unprivileged {
		return nil
	}
	return t.mode(ctx, o, i, &x.unpriv, r, verifier.Sandbox)
}

// archTags are the names that the selftests have for machines.
var archTags = map[string]string{
	"amd64": "X86_64", "arm64": "ARM64", "riscv64": "RISCV64", "s390x": "s390x", "ppc64le": "POWERPC64", "loong64": "LOONGARCH",
}

// mode tests a program in one mode and prints the result.
func (t *tester) mode(ctx context.Context, o *testObject, i int, want *expected, r testResult, trust verifier.Trust) error {
	r.Mode = "privileged"
	if trust == verifier.Sandbox {
		r.Mode = "unprivileged"
	}
	r.Result = testOK
	r.NotChecked = r.NotChecked.mode(trust == verifier.Sandbox)
	x, p := o.wants[i], o.fit.Programs[i]
	kernel := t.kernel
	if x.btfPath != "" {
		kernel = &kernelTypes{file: besides(o.file, x.btfPath)}
		if _, err := kernel.spec(); err != nil {
			r.Result, r.Reason = testFail, err.Error()
			return t.print(&r)
		}
		p = fitKernel(o.raw, kernel).Programs[i]
	}
	if reason := absent(p, kernel); reason != "" {
		r.skip(skipAbsent, reason)
		return t.print(&r)
	}
	level := max(x.logLevel, 1)
	f := &verifyFlags{logLevel: level, unprivileged: trust == verifier.Sandbox, caps: x.caps, btf: kernel.file}
	v := verifyProgram(ctx, f, o.file, p, nil, kernel)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	r.judge(x, want, &v)
	r.at(p, &v)
	if r.Result == testOK && want.retval != nil && !want.failure {
		if x.linearSize {
			r.skip(skipNotRun, "verdict as expected, not run: packets of which a part is not directly accessible are not supported")
			return t.print(&r)
		}
		t.run(ctx, o, i, want.retval, &r, trust, kernel)
		r.at(p, &v)
	}
	return t.print(&r)
}

// judge holds the verdict and the log against the expectations.
func (r *testResult) judge(x *expectations, want *expected, v *verdict) {
	r.log = v.log
	got := "accepted"
	switch v.Verdict {
	case "error":
		// Neither verdict: a failure to load that was not the verifier's must
		// not pass for the one expected.
		r.fail("verdict", verdictName(want.failure), "error: "+v.Error)
		return
	case "reject":
		got = "rejected: " + v.Error
	case "accept":
		if x.logLevel == 0 {
			r.log = "" // loaders ask for a log again only after a rejection
		}
	}
	if (v.Verdict == "reject") != want.failure {
		r.fail("verdict", verdictName(want.failure), got)
		return
	}
	switch m, rest := mismatch(r.log, want.msgs); {
	case m == nil:
	case m.absent:
		line, _, _ := strings.Cut(rest, "\n")
		r.fail("message", "no "+m.text, line)
	default:
		if line := nearest(rest, m); line != "" {
			got = line
		}
		r.fail("message", m.text, got)
	}
}

func verdictName(failure bool) string {
	if failure {
		return "rejected"
	}
	return "accepted"
}

func (r *testResult) fail(what, expected, got string) {
	r.Result, r.Reason, r.Expected, r.Got = testFail, what, expected, got
}

// at gives a failure its C line: that of the rejection, or the program's first.
func (r *testResult) at(p *image.Program, v *verdict) {
	switch {
	case r.Result != testFail || r.Line != "":
	case v.Line != "":
		r.Line = v.Line
	case len(p.Lines) > 0:
		r.Line = fmt.Sprintf("%s:%d", p.Lines[0].File, p.Lines[0].Line)
	}
}

// run loads the program with the auxiliary ones and holds its return value
// against the one expected.
func (t *tester) run(ctx context.Context, o *testObject, i int, want *retval, r *testResult, trust verifier.Trust, kernel *kernelTypes) {
	ret, err := t.retval(ctx, o, i, trust, kernel)
	if err == nil {
		r.Retval = &ret
	}
	switch {
	case errors.Is(err, skep.ErrNotSupported):
		r.skip(skipNotRun, "verdict as expected, not run: "+err.Error())
	case err != nil:
		r.fail("return value", want.text, err.Error())
	case !want.any && ret != want.want:
		r.fail("return value", want.text, fmt.Sprint(ret))
	}
}

func (t *tester) retval(ctx context.Context, o *testObject, i int, trust verifier.Trust, kernel *kernelTypes) (int32, error) {
	trace := io.Discard
	if t.f.verbose {
		trace = t.e.err
	}
	rt, err := skep.NewRuntime(&skep.RuntimeOptions{Host: host.NewReal(host.RealOptions{Trace: trace}), Engine: skep.Engine(t.f.engine)})
	if err != nil {
		return 0, err
	}
	defer rt.Close()
	opts := skep.CollectionOptions{Backend: rt}
	opts.Programs.Trust, opts.Programs.Caps = trust, o.wants[i].caps
	if kernel.file != "" {
		if opts.Programs.KernelTypes, err = kernel.spec(); err != nil {
			return 0, err
		}
	}
	name := o.raw.Programs[i].Name
	names := []string{name}
	for j, x := range o.wants {
		if x.auxiliary && (trust == verifier.Kernel && x.priv.asked || trust == verifier.Sandbox && x.unpriv.asked) {
			names = append(names, o.raw.Programs[j].Name)
		}
	}
	coll, err := skep.NewCollectionSpec(o.raw).Load(&opts, names...)
	if err != nil {
		return 0, err
	}
	defer coll.Close()
	run := skep.RunOptions{Ctx: ctx, Data: make([]byte, testDataLen)}
	if coll.Programs[name].Type() == skep.Syscall {
		run.Data = nil // Linux 6.18: its context is what the caller gives, here none.
	}
	ret, err := coll.Programs[name].Run(&run)
	return int32(ret), err
}

// besides is the path of a file that an object names: as it is, or in the
// object's folder.
func besides(object, name string) string {
	if _, err := os.Stat(name); err == nil || filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(filepath.Dir(object), name)
}
