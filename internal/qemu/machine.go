package qemu

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Machine is what to boot.
type Machine struct {
	Kernel string // image, from Kernel
	Dir    string // for the machine's files; the console's log stays there
	Init   []byte // the program that Linux starts, from package guestinit
	Test   []byte // the program to run
	Args   []string
	Files  []File // further ones
	Append string // to the kernel's command line
	Memory int    // MB, 0 for 512
	// Quiet is how long the program may print nothing, 0 for as long as it
	// likes.
	Quiet time.Duration
	// Line is called with each line that the program prints.
	Line func(string)
}

// Result is how a run ended.
type Result struct {
	Exited bool // the program ended by itself
	Code   int  // its exit code, if so
	Hung   bool // it printed nothing for too long
	// Trouble are lines of the console that tell of a bug in the kernel.
	Trouble []string
}

const exitLine = "EXIT:"

// Run boots the machine, runs the program, and returns when the machine is off.
func (m *Machine) Run(ctx context.Context) (*Result, error) {
	qemu, err := exec.LookPath("qemu-system-x86_64")
	if err != nil {
		return nil, &UnavailableError{"no qemu-system-x86_64"}
	}
	if err := os.MkdirAll(m.Dir, 0o755); err != nil {
		return nil, err
	}
	initrd := filepath.Join(m.Dir, "initramfs.gz")
	if err := m.pack(initrd); err != nil {
		return nil, fmt.Errorf("initramfs: %w", err)
	}
	console := filepath.Join(m.Dir, "console.log")
	memory := m.Memory
	if memory == 0 {
		memory = 512
	}
	// Without hardware support: it is the only way that works on every machine.
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	cmd := exec.CommandContext(ctx, qemu, "-M", "q35,accel=tcg", "-cpu", "max", "-m", strconv.Itoa(memory),
		"-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-serial", "file:"+console, "-serial", "stdio",
		"-kernel", m.Kernel, "-initrd", initrd, "-append", strings.TrimSpace("console=ttyS0 panic=-1 oops=panic quiet "+m.Append))
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	var stderr strings.Builder
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	r := &Result{}
	m.read(bufio.NewReader(out), r, stop)
	err = cmd.Wait()
	if ctx.Err() == nil && err != nil {
		return nil, fmt.Errorf("%s: %w: %s", filepath.Base(qemu), err, strings.TrimSpace(stderr.String()))
	}
	if err := context.Cause(ctx); err != nil && !r.Hung && !errors.Is(err, context.Canceled) {
		return nil, err
	}
	r.Trouble = trouble(console)
	return r, nil
}

func (m *Machine) pack(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	files := append([]File{
		{Path: "init", Mode: 0o755, Data: m.Init}, {Path: "test", Mode: 0o755, Data: m.Test},
		{Path: "args", Mode: 0o644, Data: []byte(strings.Join(m.Args, "\x00"))},
	}, m.Files...)
	if err := writeInitramfs(f, files); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

// read hands over lines until the machine is off, and stops it where none
// comes.
func (m *Machine) read(out *bufio.Reader, r *Result, stop func()) {
	quiet := m.Quiet
	if quiet == 0 {
		quiet = 1 << 62
	}
	hung := make(chan struct{})
	watch := time.AfterFunc(quiet, func() { close(hung); stop() })
	defer watch.Stop()
	for {
		line, err := out.ReadString('\n')
		if err != nil {
			break
		}
		watch.Reset(quiet)
		line = strings.TrimRight(line, "\r\n")
		if code, ok := strings.CutPrefix(line, exitLine); ok {
			if n, err := strconv.Atoi(code); err == nil {
				r.Exited, r.Code = true, n
				continue
			}
		}
		if m.Line != nil {
			m.Line(line)
		}
	}
	select {
	case <-hung:
		r.Hung = true
	default:
	}
}

// trouble are the lines of a console's log with which Linux tells of its bugs.
func trouble(console string) []string {
	data, err := os.ReadFile(console)
	if err != nil {
		return nil
	}
	var list []string
	for line := range strings.Lines(string(data)) {
		for _, mark := range []string{"BUG:", "WARNING:", "Oops", "Kernel panic", "verifier bug", "KASAN", "RIP: 0010", "rcu_preempt detected"} {
			if strings.Contains(line, mark) {
				list = append(list, strings.TrimSpace(line))
				break
			}
		}
	}
	return list
}
