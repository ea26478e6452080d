package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// native is a process that runs the rows' C sources, compiled for the machine.
type native struct {
	dir string
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

// newNative compiles the rows that can be.
func newNative(ctx context.Context, o *options) (*native, error) {
	dir, err := os.MkdirTemp("", "skep-bench")
	if err != nil {
		return nil, err
	}
	n := &native{dir: dir}
	if err := n.build(ctx, o); err != nil {
		return nil, errors.Join(err, n.close())
	}
	return n, nil
}

func (n *native) build(ctx context.Context, o *options) error {
	// The UAPI headers want asm/types.h, which Debian keeps in a folder per
	// machine.
	machine := map[string]string{"amd64": "x86_64", "arm64": "aarch64"}[runtime.GOARCH]
	flags := append([]string{"-idirafter", "/usr/include/" + machine + "-linux-gnu"}, o.cflags...)
	clang := func(args ...string) error {
		out, err := exec.CommandContext(ctx, o.clang, append(flags, args...)...).CombinedOutput()
		if err != nil {
			return fmt.Errorf("%w\n%s", err, out)
		}
		return nil
	}
	var list strings.Builder
	objects := []string{filepath.Join(o.progs, "native.c"), "-I", n.dir, "-o", filepath.Join(n.dir, "native")}
	for _, r := range append(o.rows[:len(o.rows):len(o.rows)], empty) {
		if !r.native {
			continue
		}
		obj := filepath.Join(n.dir, r.name+".o")
		err := clang("-DNATIVE", "-DENTRY=run_"+r.name, "-c", filepath.Join(o.progs, r.name+".bpf.c"), "-o", obj)
		if err != nil {
			return err
		}
		objects = append(objects, obj)
		fmt.Fprintf(&list, "ROW(%s)\n", r.name)
	}
	if err := os.WriteFile(filepath.Join(n.dir, "rows.h"), []byte(list.String()), 0o600); err != nil {
		return err
	}
	if err := clang(objects...); err != nil {
		return err
	}
	n.cmd = exec.CommandContext(ctx, filepath.Join(n.dir, "native"), filepath.Join(o.progs, "packet.bin"))
	n.cmd.Stderr = os.Stderr
	var err error
	if n.in, err = n.cmd.StdinPipe(); err != nil {
		return err
	}
	out, err := n.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	n.out = bufio.NewReader(out)
	return n.cmd.Start()
}

func (n *native) close() error {
	var err error
	if n.in != nil && n.cmd.Process != nil {
		err = errors.Join(n.in.Close(), n.cmd.Wait())
	}
	return errors.Join(err, os.RemoveAll(n.dir))
}

func (n *native) open(_ context.Context, r *row) (subject, error) {
	return &compiled{native: n, name: r.name}, nil
}

// compiled is a row of a native process.
type compiled struct {
	native *native
	name   string
	result uint32
}

// Runs asks the process, which takes the time.
func (c *compiled) Runs(n int) (time.Duration, error) {
	if _, err := fmt.Fprintf(c.native.in, "%s %d\n", c.name, n); err != nil {
		return 0, err
	}
	line, err := c.native.out.ReadString('\n')
	if err != nil {
		return 0, err
	}
	var ns int64
	if _, err := fmt.Sscan(line, &ns, &c.result); err != nil {
		return 0, fmt.Errorf("native: %q: %w", line, err)
	}
	return time.Duration(ns), nil
}

func (c *compiled) Result() uint32 { return c.result }

func (c *compiled) Close() error { return nil }
