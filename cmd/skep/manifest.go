package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/image"
)

// manifest holds load attributes by section and program, and by program alone.
type manifest map[[2]string]manifestLine

// manifestLine is a line of a manifest; numbers are the kernel's.
type manifestLine struct {
	Program    string `json:"program"`
	Section    string `json:"section"`
	ProgType   uint32 `json:"prog_type"`
	AttachType uint32 `json:"attach_type"`
	AttachTo   string `json:"attach_to"`
	ProgFlags  uint32 `json:"prog_flags"`
}

func readManifest(file string) (manifest, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("manifest: %w", err)
	}
	defer f.Close()
	m := make(manifest)
	dec := json.NewDecoder(bufio.NewReader(f))
	for n := 1; ; n++ {
		var l manifestLine
		switch err := dec.Decode(&l); {
		case errors.Is(err, io.EOF):
			return m, nil
		case err != nil:
			return nil, fmt.Errorf("manifest %s: entry %d: %w", file, n, err)
		case l.Program == "":
			return nil, fmt.Errorf("manifest %s: entry %d: no program", file, n)
		}
		m[[2]string{l.Section, l.Program}] = l
	}
}

// apply is p with the manifest's attributes, which win over the section name and
// the decl tags.
func (m manifest) apply(p *image.Program) *image.Program {
	l, ok := m[[2]string{p.Section, p.Name}]
	if !ok {
		if l, ok = m[[2]string{"", p.Name}]; !ok {
			return p
		}
	}
	c := *p
	c.Type, c.Attach = abi.ProgType(l.ProgType), abi.AttachType(l.AttachType)
	// libbpf adds the flag for sections of sleepable programs to what its caller
	// asks for.
	c.Flags = abi.ProgFlags(l.ProgFlags) | p.Flags&abi.Sleepable
	if l.AttachTo != "" || c.Type != p.Type {
		c.AttachTo = l.AttachTo
	}
	return &c
}
