package vm

import (
	"github.com/skepbpf/skep/bpfmap"
	"github.com/skepbpf/skep/verifier"
	"github.com/skepbpf/skep/vm/ir"
)

// lower turns a verified program into what engines run.
func lower(p *verifier.Program, maps []bpfmap.Map) (*ir.Program, error) {
	return nil, &UnsupportedError{What: "lowering"}
}
