//go:build linux

package verifier_test

import (
	"errors"
	"os"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/skepbpf/skep/asm"
	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/kernel"
	"github.com/skepbpf/skep/object"
	"github.com/skepbpf/skep/verifier"
)

// TestRunningKernelPages gives the pages' examples to the running kernel: it
// must refuse and accept what the page says, with the error number and the
// lines on it. It needs root and Linux 6.18, and asks for SKEP_LIVE_KERNEL=1.
func TestRunningKernelPages(t *testing.T) {
	if os.Getenv("SKEP_LIVE_KERNEL") == "" {
		t.Skip("SKEP_LIVE_KERNEL is not set")
	}
	target, err := object.HostTarget()
	if err != nil {
		t.Skip(err)
	}
	for _, c := range verifier.Codes() {
		p, _ := c.Page()
		if p.Example == "" {
			continue
		}
		t.Run(c.String(), func(t *testing.T) {
			for _, prog := range livePage(t, p, target).Programs {
				t.Run(prog.Name, func(t *testing.T) { askKernel(t, p, prog, target) })
			}
		})
	}
}

// livePage is a page's example, fitted to the running kernel.
func livePage(t *testing.T, p verifier.Page, target *object.Target) *image.Collection {
	t.Helper()
	if strings.HasSuffix(p.File, ".s") {
		coll, err := asm.Parse(p.File, []byte(p.Example))
		if err != nil {
			t.Fatal(err)
		}
		return coll
	}
	coll, err := object.Open("testdata/pages/"+strings.TrimSuffix(p.File, ".c")+".o", nil)
	if err != nil {
		t.Fatal(err)
	}
	return object.Resolve(coll, target)
}

var digits = regexp.MustCompile(`\d+`)

// askKernel compares the running kernel's answer with the verifier's and with
// the page's, where offsets in the kernel's structs may be others.
func askKernel(t *testing.T, p verifier.Page, prog *image.Program, target *object.Target) {
	opts := &verifier.Options{KernelTypes: target.KernelTypes, Symbol: target.Symbol}
	name, unprivileged := strings.CutSuffix(prog.Name, "_unprivileged")
	if unprivileged {
		opts.Trust = verifier.Sandbox
		dropCapabilities(t)
	}
	var rej *verifier.Error
	if _, err := verifier.Verify(t.Context(), prog, opts); err != nil && !errors.As(err, &rej) {
		t.Fatal(err)
	}
	j, err := kernel.Judge(t.Context(), prog, &kernel.JudgeOptions{KernelTypes: target.KernelTypes})
	if err != nil {
		t.Skip(err)
	}
	if j.Accepted != (name == "mended") || j.Accepted != (rej == nil) {
		t.Fatalf("accepted %v by the kernel, %v here: %s", j.Accepted, rej == nil, j.LastLine)
	}
	if rej == nil {
		return
	}
	if errno := j.Errno.String(); errno != p.Errno {
		t.Errorf("the page says %s, the kernel %s", p.Errno, errno)
	}
	// Judge passes over a last line that only names the place.
	if last := lastOf(rej.Linux); j.LastLine != last && (j.LastLine != rej.Msg || !strings.Contains(j.Log, last+"\n")) {
		t.Errorf("the kernel's last line is %q, not %q", j.LastLine, rej.Linux)
	}
	log := digits.ReplaceAllString(j.Log, "N")
	for line := range strings.Lines(digits.ReplaceAllString(p.Linux, "N")) {
		if !strings.Contains(log, strings.TrimSpace(line)) {
			t.Errorf("the page says %q, the kernel:\n%s", line, j.Log)
		}
	}
}

// dropCapabilities makes the test's thread one without privileges for bpf(2).
// The thread ends with the test.
func dropCapabilities(t *testing.T) {
	t.Helper()
	runtime.LockOSThread()
	head := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var caps [2]unix.CapUserData
	if err := unix.Capget(&head, &caps[0]); err != nil {
		t.Skip(err)
	}
	for _, c := range []int{unix.CAP_SYS_ADMIN, unix.CAP_PERFMON, unix.CAP_BPF, unix.CAP_NET_ADMIN} {
		caps[c/32].Effective &^= 1 << (c % 32)
	}
	if err := unix.Capset(&head, &caps[0]); err != nil {
		t.Skip(err)
	}
}
