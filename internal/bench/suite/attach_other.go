//go:build !linux

package main

import (
	"io"

	"github.com/cilium/ebpf"
)

func attach(*ebpf.Program) (io.Closer, error) { return nil, ebpf.ErrNotSupported }
