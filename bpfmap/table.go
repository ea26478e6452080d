package bpfmap

import "github.com/skepbpf/skep/internal/mem"

// Table resolves the header addresses that programs hold to maps. A runtime
// has one.
type Table struct{ maps []Map }

// Map is the map whose header is at a, nil if a is none.
func (t *Table) Map(a mem.Addr) Map { return nil }
