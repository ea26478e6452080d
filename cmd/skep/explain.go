package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/skepbpf/skep/verifier"
)

func newExplain(e *env) *cobra.Command {
	return &cobra.Command{
		Use:   "explain [CODE]",
		Short: "Explain a rejection's code, with an example",
		Long: `Explain the code of a rejection: what it means, what to do about it, and a
program that is rejected with it. Without CODE, list all codes.`,
		Args: cobra.MaximumNArgs(1),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return codeNames(), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return listCodes(e)
			}
			return explainCode(e, args[0])
		},
	}
}

// listCodes prints a line for every code.
func listCodes(e *env) error {
	for _, c := range verifier.Codes() {
		p, _ := c.Page()
		if _, err := fmt.Fprintf(e.out, "%-15s %s\n", c, p.Summary); err != nil {
			return err
		}
	}
	return nil
}

// explainCode prints a code's page.
func explainCode(e *env, name string) error {
	c, err := findCode(name)
	if err != nil {
		return err
	}
	p, _ := c.Page()
	text := fmt.Sprintf("%s\n\n%s\n\n%s\n", c, p.Summary, p.Advice)
	if p.Example != "" {
		text += "\nExample, as skep verify reads it from a .s file:\n\n"
		for line := range strings.Lines(p.Example) {
			text += strings.TrimRight("    "+line, " \n") + "\n"
		}
	}
	_, err = fmt.Fprint(e.out, text)
	return err
}

// findCode finds a code by its name in any case, or by its constant's name.
func findCode(name string) (verifier.Code, error) {
	for _, c := range verifier.Codes() {
		if strings.EqualFold(name, c.String()) || strings.EqualFold(name, "Code"+c.String()) {
			return c, nil
		}
	}
	if near := nearCodes(name); len(near) > 0 {
		return 0, usageErrorf("unknown code %q: did you mean %s?", name, strings.Join(near, ", "))
	}
	return 0, usageErrorf("unknown code %q: skep explain lists all codes", name)
}

func codeNames() []string {
	var names []string
	for _, c := range verifier.Codes() {
		names = append(names, c.String())
	}
	return names
}

// nearCodes are the codes that name is part of, or, if there are none, those
// that differ from it by a few letters, the nearest first.
func nearCodes(name string) []string {
	const most = 5
	name = strings.TrimPrefix(strings.ToLower(name), "code")
	var near []string
	if len(name) > 1 {
		for _, n := range codeNames() {
			if strings.Contains(strings.ToLower(n), name) {
				near = append(near, n)
			}
		}
	}
	if len(near) == 0 {
		dist := func(n string) int { return editDistance(name, strings.ToLower(n)) }
		for _, n := range codeNames() {
			if dist(n) <= max(1, len(n)/3) {
				near = append(near, n)
			}
		}
		slices.SortStableFunc(near, func(a, b string) int { return dist(a) - dist(b) })
	}
	return near[:min(len(near), most)]
}

// editDistance counts the letters to insert, delete or change to make b of a.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diag := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diag
			if a[i] != b[j] {
				change++
			}
			diag = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// seeExplain is the hint that ends the text of a rejection.
func seeExplain(code string) string { return "see: skep explain " + code }
