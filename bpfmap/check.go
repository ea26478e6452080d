package bpfmap

import (
	"github.com/skepbpf/skep/image"
)

// checkDef holds a definition against the rules of BPF_MAP_CREATE.
func checkDef(def *image.Map, o Options) error { return nil }
