package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/skepbpf/skep/asm"
	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/object"
)

// order is the byte order of everything that is printed as bytes.
var order = binary.LittleEndian

// openObject reads an object, a C source (through clang) or, for .s files,
// assembly text.
func openObject(e *env, file string, verbose bool) (*image.Collection, error) {
	if strings.HasSuffix(file, ".s") {
		src, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		return asm.Parse(file, src)
	}
	opts := &object.Options{}
	if verbose {
		opts.Clang.Log = e.err
	}
	coll, err := object.Open(file, opts)
	if errors.Is(err, object.ErrNoClang) {
		return nil, &exitError{exitEnv, err}
	}
	if err != nil {
		return nil, err
	}
	if verbose {
		for _, w := range coll.Warnings {
			fmt.Fprintf(e.err, "skep: %s: %s\n", file, w)
		}
	}
	return coll, nil
}

// noProgram names the programs that there are.
func noProgram(coll *image.Collection, want string) error {
	var names []string
	for _, p := range coll.Programs {
		names = append(names, p.Name)
	}
	slices.Sort(names)
	if len(names) == 0 {
		return fmt.Errorf("no program %q: the object has no programs", want)
	}
	return fmt.Errorf("no program %q: the object has %s", want, strings.Join(names, ", "))
}
