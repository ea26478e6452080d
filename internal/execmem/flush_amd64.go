package execmem

import "github.com/skepbpf/skep/internal/mem"

// flush has nothing to do: the machine sees writes to code by itself.
func flush([]byte, mem.Addr) {}
