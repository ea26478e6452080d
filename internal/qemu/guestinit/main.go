//go:build linux

package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"

	"golang.org/x/sys/unix"
)

func main() {
	// What cannot be mounted is missed by those who need it.
	for _, m := range [][3]string{
		{"proc", "proc", "/proc"}, {"sysfs", "sysfs", "/sys"}, {"devtmpfs", "devtmpfs", "/dev"}, {"tmpfs", "tmpfs", "/tmp"},
		{"tracefs", "tracefs", "/sys/kernel/tracing"}, {"bpf", "bpf", "/sys/fs/bpf"}, {"cgroup2", "cgroup2", "/sys/fs/cgroup"},
	} {
		if err := unix.Mount(m[0], m[2], m[1], 0, ""); err != nil {
			fmt.Fprintf(os.Stderr, "mount %s: %v\n", m[2], err)
		}
	}
	code := run()
	unix.Sync()
	if code < 0 {
		fmt.Fprintln(os.Stderr, "no result")
	}
	if err := unix.Reboot(unix.LINUX_REBOOT_CMD_POWER_OFF); err != nil {
		fmt.Fprintln(os.Stderr, "power off:", err)
	}
	select {}
}

// run runs the program with the second serial line as its output.
func run() int {
	out, err := os.OpenFile("/dev/ttyS1", os.O_WRONLY|unix.O_NOCTTY, 0)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return -1
	}
	var args []string
	if data, err := os.ReadFile("/args"); err == nil && len(data) > 0 {
		args = strings.Split(string(data), "\x00")
	}
	cmd := exec.Command("/test", args...)
	cmd.Stdout, cmd.Stderr = out, out
	cmd.Env = []string{"HOME=/tmp", "TMPDIR=/tmp", "PATH=/"}
	code := 0
	var exit *exec.ExitError
	if err := cmd.Run(); errors.As(err, &exit) {
		code = exit.ExitCode()
		if code < 0 {
			code = 255
		}
	} else if err != nil {
		fmt.Fprintln(out, err)
		code = 255
	}
	if _, err := io.WriteString(out, fmt.Sprintf("\nEXIT:%d\n", code)); err != nil {
		return -1
	}
	if err := out.Sync(); err != nil && !errors.Is(err, unix.EINVAL) {
		return -1
	}
	return code
}
