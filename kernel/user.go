package kernel

import (
	"bytes"
	"fmt"
	"os"

	"github.com/skepbpf/skep/abi"
)

// User is who a program is loaded as: someone with few capabilities. The
// process itself needs more, because it makes what such a user may not make:
// BTF, and maps of most types.
type User struct {
	// Keep are the numbers of the capabilities that the user has, none for an
	// ordinary one. The kernel must let such users load programs at all: its
	// kernel.unprivileged_bpf_disabled must be 0.
	Keep []uint
}

// capBPF is CAP_BPF.
const capBPF = 39

func (u *User) mask() (m uint64) {
	for _, n := range u.Keep {
		m |= 1 << (n & 63)
	}
	return m
}

// admitted refuses to ask on behalf of a user whom the kernel does not let load
// programs: its answer would not be about the program.
func (u *User) admitted() error {
	if u.mask()>>capBPF&1 != 0 {
		return nil
	}
	const file = "/proc/sys/kernel/unprivileged_bpf_disabled"
	b, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("users without CAP_BPF: %w", err)
	}
	if b = bytes.TrimSpace(b); string(b) != "0" {
		return fmt.Errorf("%w: users without CAP_BPF: kernel.unprivileged_bpf_disabled is %s: %w", errRefused, b, abi.EPERM)
	}
	return nil
}

// bpfAs is bpf(2) by a user, nil for the process itself.
func bpfAs(u *User, cmd command, a *attr) (fd int, errno abi.Errno, err error) {
	if u == nil {
		fd, errno = bpf(cmd, a)
		return fd, errno, nil
	}
	err = withCaps(u.mask(), func() { fd, errno = bpf(cmd, a) })
	return fd, errno, err
}
