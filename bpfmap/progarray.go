package bpfmap

import (
	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/image"
)

// ProgArray is BPF_MAP_TYPE_PROG_ARRAY: the targets of tail calls.
type ProgArray struct {
	handleArray
	owner any // under handleArray.mu
}

func newProgArray(def *image.Map, o Options) (*ProgArray, error) {
	p := &ProgArray{}
	if err := p.init(def, o, p.claim); err != nil {
		return nil, err
	}
	return p, nil
}

// Claim tells that a program with these properties uses the map: the first
// such program, user or element, decides, and the others must equal it. The
// owner is a comparable value.
func (p *ProgArray) Claim(owner any) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.claimLocked(owner)
}

func (p *ProgArray) claimLocked(owner any) bool {
	if p.owner == nil {
		p.owner = owner
	}
	return p.owner == owner
}

func (p *ProgArray) claim(h *Handle) abi.Errno {
	if !p.claimLocked(h.Owner) {
		return abi.EINVAL
	}
	return 0
}
