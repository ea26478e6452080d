//go:build !linux

package kernel

import "github.com/skepbpf/skep/abi"

func withCaps(uint64, func()) error { return abi.ENOSYS }
