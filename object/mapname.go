package object

import (
	"strings"

	"github.com/skepbpf/skep/image"
)

// nameDataMaps gives the maps of data sections the names that libbpf gives them
// in the kernel: the object's in front, together no longer than 15 bytes.
func nameDataMaps(c *image.Collection) {
	for _, m := range c.Maps {
		if m.Section != "" {
			m.KernelName = kernelMapName(c.Name, m.Section)
		}
	}
}

// kernelMapName is the kernel's name for the map of a data section. Sections
// with more than one dot are taken to be named well enough.
// libbpf: 7 bytes are kept free for the section even where it needs fewer.
func kernelMapName(object, section string) string {
	if strings.LastIndexByte(section, '.') > 0 {
		return section
	}
	object, _, _ = strings.Cut(object, ".")
	const most, reserved = 15, 7
	section = section[:min(len(section), most)]
	object = object[:min(len(object), most-max(reserved, len(section)))]
	return strings.Map(func(r rune) rune {
		if r == '_' || r == '.' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' {
			return r
		}
		return '_'
	}, object+section)
}
