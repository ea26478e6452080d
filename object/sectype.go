package object

import (
	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/image"
)

// setSection sets program and attach type by the section's name. A name that
// tells nothing leaves the type open.
func setSection(p *image.Program) {
	sec, target, ok := abi.SectionByName(p.Section)
	if !ok {
		return
	}
	p.Type, p.Attach, p.Flags, p.AttachTo = sec.Type, sec.Attach, sec.Flags, target
}
