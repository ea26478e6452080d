//go:build !linux

package kernel

import "github.com/skepbpf/skep/abi"

// OnCPU fails: there is no bpf(2).
func OnCPU(int, func() error) error { return abi.ENOSYS }
