package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"

	"github.com/spf13/cobra"
)

// Exit codes.
const (
	exitDone    = 0 // done, accepted
	exitRefused = 1 // refused or failed
	exitUsage   = 2 // wrong usage
	exitEnv     = 3 // the environment lacks something: clang, a permission, an engine
)

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

// exitError is an error with an exit code of its own. A nil err means that the
// reason has been printed.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

func usageErrorf(format string, args ...any) error {
	return &exitError{exitUsage, fmt.Errorf(format, args...)}
}

// env is what a command reads and writes.
type env struct {
	in       io.Reader
	out, err io.Writer
}

// run is the command: it parses args, does the work and returns the exit code.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	e := &env{stdin, stdout, stderr}
	root := newRoot(e)
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitDone
	}
	var ee *exitError
	if !errors.As(err, &ee) {
		ee = &exitError{exitRefused, err}
	}
	if ee.err != nil {
		fmt.Fprintln(stderr, "skep:", ee.err)
	}
	return ee.code
}

func newRoot(e *env) *cobra.Command {
	root := &cobra.Command{
		Use:           "skep",
		Short:         "Load, verify and run eBPF programs in user space",
		Long:          manual,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return usageErrorf("%w: see %s --help", err, c.CommandPath())
	})
	root.AddCommand(newRun(e), newBench(e), newVerify(e), newTest(e), newExplain(e), newDump(e), newAsm(e), newPlugin(e), newVersion(e))
	for _, c := range root.Commands() {
		c.Args = usageArgs(c.Args)
	}
	return root
}

// usageArgs makes a wrong number of arguments a usage error.
func usageArgs(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if check == nil {
			return nil
		}
		if err := check(c, args); err != nil {
			return usageErrorf("%w: see %s --help", err, c.CommandPath())
		}
		return nil
	}
}
