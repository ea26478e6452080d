package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/skepbpf/skep"
	"github.com/skepbpf/skep/helper"
	"github.com/skepbpf/skep/host"
	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/isa"
	"github.com/skepbpf/skep/verifier"
	"github.com/skepbpf/skep/vm"
	"github.com/skepbpf/skep/vm/interp"
)

type pluginFlags struct {
	engine     string
	root       bool
	unverified bool
}

func newPlugin(e *env) *cobra.Command {
	var f pluginFlags
	c := &cobra.Command{
		Use:   "plugin [MEMORY]",
		Short: "Run raw instruction bytes: the protocol of bpf_conformance",
		Long: `Run a program given as hex bytes on standard input and print r0 in hex.
MEMORY, hex bytes too, is what r1 points to and r2 is the length of; without it
there is none.

The program is verified as one of somebody else's: it may loop and call
functions, and neither reads stack that it did not write nor leaks a pointer. It
may use the memory that is there without asking for its length. With --root it
is verified as one of your own, with --unverified not at all: the interpreter
then checks every access when it happens.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return runPlugin(c.Context(), e, &f, args) },
	}
	engineFlag(c, &f.engine)
	fl := c.Flags()
	fl.BoolVar(&f.root, "root", false, "verify by the rules for root")
	fl.BoolVar(&f.unverified, "unverified", false, "do not verify; check every access while running")
	return c
}

func runPlugin(ctx context.Context, e *env, f *pluginFlags, args []string) error {
	if err := checkEngine(f.engine); err != nil {
		return err
	}
	if f.unverified && f.engine == string(skep.EngineJIT) {
		return usageErrorf("engine jit runs verified programs only: leave out --unverified, or use --engine interp")
	}
	var memory []byte
	if len(args) == 1 {
		var err error
		if memory, err = unhex([]byte(args[0])); err != nil {
			return usageErrorf("memory: %w", err)
		}
	}
	src, err := io.ReadAll(io.LimitReader(e.in, 64<<20))
	if err != nil {
		return fmt.Errorf("standard input: %w", err)
	}
	program, err := unhex(src)
	if err != nil {
		return fmt.Errorf("program: %w", err)
	}
	var r0 uint64
	if f.unverified {
		r0, err = runUnverified(ctx, program, memory)
	} else {
		r0, err = runVerified(ctx, f, program, memory)
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(e.out, "%x\n", r0)
	return nil
}

// runVerified runs a program as a raw program on memory.
func runVerified(ctx context.Context, f *pluginFlags, program, memory []byte) (r0 uint64, err error) {
	insns, err := isa.Decode(program, binary.LittleEndian)
	if err != nil {
		return 0, err
	}
	rt, err := skep.NewRuntime(&skep.RuntimeOptions{CPUs: 1, Engine: skep.Engine(f.engine)})
	if err != nil {
		return 0, &exitError{exitEnv, err}
	}
	defer func() { err = errors.Join(err, rt.Close()) }()
	// Bytes have no licence, and no helper here is the kernel's.
	img := &image.Program{Name: "plugin", Type: skep.Raw, Memory: uint32(len(memory)), License: "GPL", Insns: insns, Autoload: true}
	opts := skep.CollectionOptions{Backend: rt}
	if f.root {
		opts.Programs.Caps = verifier.CapSysAdmin
	}
	spec := skep.NewCollectionSpec(&image.Collection{Name: "plugin", ByteOrder: binary.LittleEndian, Programs: []*image.Program{img}})
	coll, err := skep.NewCollectionWithOptions(spec, opts)
	if err != nil {
		return 0, err
	}
	defer coll.Close()
	res, err := coll.Programs[img.Name].RunResult(&skep.RunOptions{Data: bytes.Clone(memory), Ctx: ctx})
	return res.Value, err
}

// runUnverified runs a program through the interpreter's unverified door.
func runUnverified(ctx context.Context, program, memory []byte) (uint64, error) {
	rt, err := vm.NewRuntime(&vm.RuntimeOptions{CPUs: 1, Host: host.NewReal(host.RealOptions{})})
	if err != nil {
		return 0, err
	}
	r0, err := interp.RunRaw(ctx, rt, helper.Table(), program, memory)
	return r0, errors.Join(err, rt.Close())
}
