package object

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"

	"github.com/cilium/ebpf/btf"
)

// HostTarget is the running kernel. Without BTF its KernelTypes are nil, and
// the error says why; the rest is filled in all the same.
func HostTarget() (*Target, error) {
	t := &Target{KernelVersion: hostVersion()}
	types, err := hostTypes()
	if err == nil {
		t.KernelTypes, t.ModuleTypes = types[0], types[1:]
	}
	t.Kconfig = sync.OnceValues(hostKconfig)
	symbols := sync.OnceValue(hostSymbols)
	t.Symbol = func(name string) (uint64, bool) {
		addr, ok := symbols()[name]
		return addr, ok
	}
	switch runtime.GOARCH {
	case "amd64", "s390x": // Linux 4.17
		t.SyscallWrapper = t.KernelVersion >= 4<<16|17<<8
	case "arm64": // Linux 4.19
		t.SyscallWrapper = t.KernelVersion >= 4<<16|19<<8
	}
	// libbpf finds out by a kprobe on a system call, and takes a kernel that
	// has none for one without wrappers.
	t.SyscallWrapper = t.SyscallWrapper && hasKprobes()
	return t, err
}

// hasKprobes reports whether the kernel can probe its functions.
func hasKprobes() bool {
	for _, name := range []string{
		"/sys/bus/event_source/devices/kprobe/type", "/sys/kernel/tracing/kprobe_events", "/sys/kernel/debug/tracing/kprobe_events",
	} {
		if _, err := os.Stat(name); err == nil {
			return true
		}
	}
	return false
}

// ParseRelease is a kernel release ("6.18.44-generic") as LINUX_VERSION_CODE.
func ParseRelease(release string) (uint32, error) {
	var v [3]uint64
	rest := release
	for i := range v {
		n := 0
		for n < len(rest) && rest[n] >= '0' && rest[n] <= '9' {
			n++
		}
		num, err := strconv.ParseUint(rest[:n], 10, 16)
		if err != nil {
			if i == 2 {
				break // "6.18-rc1"
			}
			return 0, fmt.Errorf("kernel release %q", release)
		}
		v[i] = min(num, 255)
		if rest = rest[n:]; !strings.HasPrefix(rest, ".") {
			if i == 0 {
				return 0, fmt.Errorf("kernel release %q", release)
			}
			break
		}
		rest = rest[1:]
	}
	return uint32(v[0]<<16 | v[1]<<8 | v[2]), nil
}

// hostTypes are the BTF of the running kernel and of its modules. They are read
// once: decoding takes tens of milliseconds, and whoever has them only reads.
var hostTypes = sync.OnceValues(func() ([]*btf.Spec, error) {
	kernel, err := btf.LoadKernelSpec()
	if err != nil {
		return nil, err
	}
	return append([]*btf.Spec{kernel}, hostModules(kernel)...), nil
})

// hostModules are the BTF of the loaded modules, by name. What cannot be read
// is left out.
func hostModules(base *btf.Spec) []*btf.Spec {
	const dir = "/sys/kernel/btf"
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	var out []*btf.Spec
	for _, e := range entries {
		if e.Name() == "vmlinux" {
			continue
		}
		if spec, err := btf.LoadSplitSpec(filepath.Join(dir, e.Name()), base); err == nil {
			out = append(out, spec)
		}
	}
	return out
}

const releaseFile = "/proc/sys/kernel/osrelease"

func hostRelease() string {
	b, err := os.ReadFile(releaseFile)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}

func hostVersion() uint32 {
	v, err := ParseRelease(hostRelease())
	if err != nil {
		return 0
	}
	return v
}

// hostKconfig is the running kernel's configuration.
func hostKconfig() (map[string]string, error) {
	boot := "/boot/config-" + hostRelease()
	for _, path := range []string{boot, "/proc/config.gz"} {
		f, err := os.Open(path)
		if err != nil {
			continue
		}
		defer f.Close()
		return ParseKconfig(f)
	}
	return nil, fmt.Errorf("neither %s nor /proc/config.gz can be read", boot)
}

// hostSymbols are the addresses of the kernel's symbols. They are zero for
// users who may not see them.
func hostSymbols() map[string]uint64 {
	f, err := os.Open("/proc/kallsyms")
	if err != nil {
		return nil
	}
	defer f.Close()
	out := make(map[string]uint64)
	sc := bufio.NewScanner(f)
	for sc.Scan() {
		fields := strings.Fields(sc.Text())
		if len(fields) < 3 {
			continue
		}
		if _, ok := out[fields[2]]; ok {
			continue
		}
		if addr, err := strconv.ParseUint(fields[0], 16, 64); err == nil {
			out[fields[2]] = addr
		}
	}
	return out
}
