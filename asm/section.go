package asm

import (
	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/image"
)

// setSection sets what a program's section implies, false if that is nothing.
func setSection(p *image.Program) bool {
	s, target, ok := abi.SectionByName(p.Section)
	if ok {
		p.Type, p.Attach, p.Flags, p.AttachTo = s.Type, s.Attach, s.Flags, target
	}
	return ok
}
