//go:build !linux

package kernel

import "github.com/skepbpf/skep/abi"

func addressOf([]byte) uint64 { return 0 }

func bpf(command, *attr) (int, abi.Errno) { return -1, abi.ENOSYS }

func closeFD(int) {}

func mapShared(int, uint64, int) ([]byte, error) { return nil, abi.ENOSYS }

func unmap([]byte) {}
