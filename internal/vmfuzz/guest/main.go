//go:build linux

package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/skepbpf/skep/internal/vmfuzz"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	r := vmfuzz.Run{Out: os.Stdout}
	seeds := flag.String("seeds", "/seeds", "file of the seeds")
	explain := flag.Bool("explain", false, "look into differences instead of asking the kernel alone")
	engines := flag.Bool("engines", false, "compare runs instead of verdicts")
	flag.DurationVar(&r.Time, "time", 0, "when to end")
	flag.IntVar(&r.Tries, "tries", 400, "how many programs to try to make one small")
	flag.IntVar(&r.Judge.MaxInsns, "insns", 0, "how many instructions a program may take to verify")
	virtual := flag.Bool("vm", false, "this is a virtual machine that may crash")
	flag.Parse()
	if !*virtual {
		return fmt.Errorf("random programs can crash a kernel: run this in a virtual machine, by package host")
	}
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return err
	}
	r.Release = unix.ByteSliceToString(u.Release[:])
	r.Judge.Exact = strings.HasPrefix(r.Release, "6.18.")
	r.Judge.CPUs = possibleCPUs()
	fmt.Printf("# %s %d\n", r.Release, r.Judge.CPUs)
	data, err := os.ReadFile(*seeds)
	if err != nil {
		return err
	}
	for _, s := range strings.Fields(string(data)) {
		n, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			return err
		}
		r.Seeds = append(r.Seeds, n)
	}
	if *engines {
		return r.Engines(context.Background())
	}
	if *explain {
		return r.Explain(context.Background())
	}
	return r.Ask(context.Background())
}

// possibleCPUs reads the kernel's list, "0" or "0-3".
func possibleCPUs() int {
	var first, last int
	b, err := os.ReadFile("/sys/devices/system/cpu/possible")
	if err != nil {
		return 1
	}
	if n, err := fmt.Sscanf(string(b), "%d-%d", &first, &last); err == nil && n == 2 {
		return last + 1
	}
	return 1
}
