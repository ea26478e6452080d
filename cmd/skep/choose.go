package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/image"
)

// chooseProgram is the program to run: the one named, or the only one that
// fits the input. Programs that others call through a program array are not
// meant to be run on their own.
func chooseProgram(img *image.Collection, f *runFlags) (string, error) {
	if f.program != "" {
		if img.Program(f.program) == nil {
			return "", noProgram(img, f.program)
		}
		return f.program, nil
	}
	called := make(map[string]bool)
	for _, m := range img.Maps {
		for _, c := range m.Contents {
			called[c.Program] = true
		}
	}
	var names []string
	for _, p := range img.Programs {
		if !called[p.Name] && (len(f.pcaps) == 0 || p.Type == abi.XDP) {
			names = append(names, p.Name)
		}
	}
	switch len(names) {
	case 0:
		if len(f.pcaps) > 0 {
			return "", errors.New("no XDP program: packets from a pcap file go to XDP programs")
		}
		return "", errors.New("the object has no programs")
	case 1:
		return names[0], nil
	}
	return "", fmt.Errorf("several programs: choose one with --program: %s", strings.Join(names, ", "))
}
