package main

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/skepbpf/skep/asm"
	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/isa"
)

func newAsm(e *env) *cobra.Command {
	var disassemble, raw bool
	c := &cobra.Command{
		Use:   "asm [FILE]",
		Short: "Assemble text to slots, or slots to text",
		Long: `Assemble a program written as text and print its slots, 8 bytes a line in
hex; with --raw write the bytes themselves. With -d the other way round: hex
bytes in, text out. Without FILE read standard input.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			name, in := "standard input", e.in
			if len(args) == 1 && args[0] != "-" {
				f, err := os.Open(args[0])
				if err != nil {
					return err
				}
				defer f.Close()
				name, in = args[0], f
			}
			src, err := io.ReadAll(in)
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			if disassemble {
				return disassembleHex(e, name, src)
			}
			return assemble(e, name, src, raw)
		},
	}
	c.Flags().BoolVarP(&disassemble, "disassemble", "d", false, "hex bytes in, text out")
	c.Flags().BoolVar(&raw, "raw", false, "write bytes instead of hex")
	return c
}

func assemble(e *env, name string, src []byte, raw bool) error {
	coll, err := parsePrograms(name, src)
	if err != nil {
		return err
	}
	for i, p := range coll.Programs {
		code := isa.Encode(p.Insns, binary.LittleEndian)
		if raw {
			if _, err := e.out.Write(code); err != nil {
				return err
			}
			continue
		}
		if len(coll.Programs) > 1 {
			if i > 0 {
				fmt.Fprintln(e.out)
			}
			fmt.Fprintf(e.out, "# %s\n", p.Name)
		}
		for len(code) >= 8 {
			fmt.Fprintf(e.out, "%x\n", code[:8])
			code = code[8:]
		}
	}
	return nil
}

// parsePrograms reads text with directives, or instructions alone.
func parsePrograms(name string, src []byte) (*image.Collection, error) {
	for line := range strings.Lines(string(src)) {
		if strings.HasPrefix(strings.TrimSpace(line), ".program") {
			return asm.Parse(name, src)
		}
	}
	insns, err := isa.ParseListing(string(src))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return &image.Collection{Programs: []*image.Program{{Name: "main", Insns: insns}}}, nil
}

func disassembleHex(e *env, name string, src []byte) error {
	code, err := unhex(src)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	insns, err := isa.Decode(code, binary.LittleEndian)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	printInsns(e.out, insns, nil)
	return nil
}

// unhex reads hex bytes with blanks between them.
func unhex(src []byte) ([]byte, error) {
	out := make([]byte, 0, len(src))
	for _, c := range src {
		switch c {
		case ' ', '\t', '\r', '\n':
		default:
			out = append(out, c)
		}
	}
	n, err := hex.Decode(out, out)
	if err != nil {
		return nil, fmt.Errorf("hex bytes: %w", err)
	}
	return out[:n], nil
}
