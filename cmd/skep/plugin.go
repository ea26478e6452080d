package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/skepbpf/skep/helper"
	"github.com/skepbpf/skep/host"
	"github.com/skepbpf/skep/vm"
	"github.com/skepbpf/skep/vm/interp"
)

func newPlugin(e *env) *cobra.Command {
	var engine string
	c := &cobra.Command{
		Use:   "plugin [MEMORY]",
		Short: "Run raw instruction bytes: the protocol of bpf_conformance",
		Long: `Run a program given as hex bytes on standard input and print r0 in hex.
MEMORY, hex bytes too, is what r1 points to and r2 is the length of; without it
both are 0. The interpreter runs the program unverified, with every access
checked.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			switch engine {
			case "interp":
			case "jit":
				return &exitError{exitEnv, errors.New("engine jit runs verified programs only, and these bytes are not: use --engine interp")}
			default:
				return usageErrorf("engine %q: want interp or jit", engine)
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
			r0, err := runRaw(c.Context(), program, memory)
			if err != nil {
				return err
			}
			fmt.Fprintf(e.out, "%x\n", r0)
			return nil
		},
	}
	c.Flags().StringVar(&engine, "engine", "interp", "interp or jit")
	return c
}

// runRaw runs a program through the interpreter's unverified door.
func runRaw(ctx context.Context, program, memory []byte) (uint64, error) {
	rt, err := vm.NewRuntime(&vm.RuntimeOptions{CPUs: 1, Host: host.NewReal(host.RealOptions{})})
	if err != nil {
		return 0, err
	}
	r0, err := interp.RunRaw(ctx, rt, helper.Table(), program, memory)
	return r0, errors.Join(err, rt.Close())
}
