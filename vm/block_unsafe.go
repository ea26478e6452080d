package vm

import "github.com/skepbpf/skep/internal/mem"

func blockOf(a mem.Addr) *Block { return (*Block)(a.Ptr()) }
