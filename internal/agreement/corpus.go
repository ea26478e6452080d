package main

import (
	"context"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/internal/selftest"
	"github.com/skepbpf/skep/kernel"
	"github.com/skepbpf/skep/object"
	"github.com/skepbpf/skep/verifier"
)

// What a program needs.
const (
	classHelpers = "helpers"      // helpers and maps only
	classKfuncs  = "kfuncs"       // kernel functions too
	classKernel  = "kernel types" // layouts, variables or functions of one kernel
)

// class says what a program needs, before it is fitted to a kernel.
func class(p *image.Program) string {
	info := p.Type.Info()
	if info == nil || info.AttachBTF || p.Type == abi.StructOps || p.Type == abi.Extension || len(p.Ksyms) > 0 {
		return classKernel
	}
	for i := range p.CORE {
		if p.CORE[i].Kind != image.CORETypeIDLocal {
			return classKernel
		}
	}
	if len(p.Kfuncs) > 0 {
		return classKfuncs
	}
	return classHelpers
}

// corpus opens objects and asks about their programs.
type corpus struct {
	target *object.Target
	live   bool
	user   *user
	repeat int // of programs that take more than a millisecond
}

func newCorpus(live bool, repeat int) *corpus {
	target, _ := object.HostTarget() // what it cannot tell fails those that ask
	return &corpus{target: target, live: live, repeat: repeat}
}

// programs are those of an object, as the selftests load them, with their
// classes.
func (c *corpus) programs(dir, name string) ([]*image.Program, []string, error) {
	coll, err := open(filepath.Join(dir, name))
	if err != nil {
		return nil, nil, err
	}
	classes := make([]string, len(coll.Programs))
	for i, p := range coll.Programs {
		classes[i] = class(selftest.WithType(name, p))
	}
	fitted := object.Resolve(coll, c.target).Programs
	for i, p := range fitted {
		fitted[i] = selftest.WithSizes(selftest.WithFlags(selftest.WithType(name, p)))
	}
	return fitted, classes, nil
}

// open opens an object, or a file of tests.
func open(file string) (*image.Collection, error) {
	if !strings.HasSuffix(file, testsSuffix) {
		return object.Open(file, nil)
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	coll := &image.Collection{Name: filepath.Base(file), ByteOrder: binary.LittleEndian, License: "GPL"}
	coll.Programs, err = readTests(f)
	return coll, err
}

// The names of the files that a corpus is made of.
const (
	objectSuffix = ".bpf.o"
	testsSuffix  = ".tests"
)

// ours asks skep.
func (c *corpus) ours(ctx context.Context, p *image.Program) answer {
	if p.Err != nil {
		return answer{Verdict: none, Why: p.Err.Error()}
	}
	opts := &verifier.Options{KernelTypes: c.target.KernelTypes, CPUs: runtime.NumCPU()}
	if _, listed := c.target.Symbol("bpf_prog_load"); listed {
		opts.Symbol = c.target.Symbol
	}
	c.user.options(opts)
	proven, err := verifier.Verify(ctx, p, opts)
	var rej *verifier.Error
	switch {
	case err == nil:
		s := proven.Stats()
		return answer{Verdict: accept, Insns: s.Insns, Time: s.Time}
	case errors.As(err, &rej):
		return answer{Verdict: reject, Errno: rej.Errno.String(), Line: plain(kernel.LastLine(rej.Msg + "\n" + rej.Linux)), Insns: rej.Stats.Insns, Time: rej.Stats.Time}
	}
	return answer{Verdict: none, Why: err.Error()}
}

// theirs asks the running kernel.
func (c *corpus) theirs(ctx context.Context, p *image.Program) answer {
	opts := &kernel.JudgeOptions{KernelTypes: c.target.KernelTypes}
	c.user.judge(opts)
	j, err := kernel.Judge(ctx, p, opts)
	switch {
	case err != nil:
		return answer{Verdict: none, Why: err.Error()}
	case j.Accepted:
		return answer{Verdict: accept, Insns: j.Insns, Time: j.Time}
	case j.LastLine == "" && !c.user.refused(j.Errno):
		return answer{Verdict: none, Why: j.Errno.String() + " without a word of the verifier"}
	}
	return answer{Verdict: reject, Errno: j.Errno.String(), Line: plain(j.LastLine), Insns: j.Insns, Time: j.Time}
}
