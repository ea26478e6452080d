package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"time"

	"github.com/skepbpf/skep/internal/qemu"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	ok, err := run(ctx)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	if err != nil || !ok {
		os.Exit(1)
	}
}

func run(ctx context.Context) (bool, error) {
	dir := flag.String("dir", "build/vm", "where kernels and machines' files go")
	// Debian's 6.18 lacks what 6.18.44 has taken from later releases: its
	// differences want eyes.
	kernels := flag.String("kernels", "6.12,7", "the releases to compare with")
	limit := flag.Duration("time", time.Minute, "for each kernel, without looking into differences")
	programs := flag.Int("n", 1<<30, "at most so many programs for each kernel")
	explain := flag.Int("explain", 100, "how many differences of each kernel to look into")
	engines := flag.Bool("engines", false, "compare what runs of programs leave behind, not verdicts")
	from := flag.Uint64("from", uint64(time.Now().Unix())<<20, "the first seed")
	flag.Parse()
	init, err := build(ctx, *dir, "./internal/qemu/guestinit", "init")
	if err != nil {
		return false, err
	}
	guest, err := build(ctx, *dir, "./internal/vmfuzz/guest", "guest")
	if err != nil {
		return false, err
	}
	all := true
	for release := range strings.SplitSeq(*kernels, ",") {
		s := &series{
			release: release, dir: *dir, init: init, guest: guest, next: *from, left: *programs, explain: *explain, limit: *limit,
		}
		run := s.run
		if *engines {
			run = s.runEngines
		}
		err := run(ctx)
		var missing *qemu.UnavailableError
		if errors.As(err, &missing) {
			fmt.Printf("%s: skipped: %v\n", release, err)
			continue
		}
		if err != nil {
			return false, fmt.Errorf("%s: %w", release, err)
		}
		if *engines {
			all = s.reportRuns() && all
		} else {
			all = s.report() && all
		}
	}
	return all, nil
}

// build builds a static program for the machines.
func build(ctx context.Context, dir, pkg, name string) ([]byte, error) {
	out := filepath.Join(dir, name)
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", out, pkg)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=amd64")
	if text, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build %s: %w: %s", pkg, err, text)
	}
	return os.ReadFile(out)
}
