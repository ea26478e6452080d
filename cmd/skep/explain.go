package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/skepbpf/skep/internal/near"
	"github.com/skepbpf/skep/verifier"
)

func newExplain(e *env) *cobra.Command {
	return &cobra.Command{
		Use:   "explain [CODE | MESSAGE]",
		Short: "Explain a rejection's code or the kernel's message, with an example",
		Long: `Explain the code of a rejection: what the rule is and why, what to do, what
Linux says, and a small program that is rejected with it, with its repair. The
first letters of a code are enough. Without CODE, list all codes.

MESSAGE is a line of the kernel's verifier, or a part of one: it prints the page
of the code that has the message, or lists the codes where there are several.`,
		Example: `  skep explain MaybeNull
  skep explain packeta
  skep explain "R0 invalid mem access 'map_value_or_null'"`,
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return codeNames(), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return listCodes(e)
			}
			return explain(e, strings.Join(args, " "))
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

// explain prints the page of a code, or of the code that has a message.
func explain(e *env, text string) error {
	c, err := findCode(text)
	if err == nil {
		return printPage(e, c)
	}
	found := verifier.FindMessages(text)
	if len(found) == 0 || !strings.Contains(text, " ") && len(nearCodes(text)) > 0 {
		return err
	}
	var codes []verifier.Code
	formats := map[verifier.Code][]string{}
	for _, m := range found {
		if formats[m.Code] == nil {
			codes = append(codes, m.Code)
		}
		formats[m.Code] = append(formats[m.Code], m.Format)
	}
	if len(codes) == 1 {
		return printPage(e, codes[0])
	}
	out := "Several codes have such a message:\n"
	for _, c := range codes {
		p, _ := c.Page()
		out += fmt.Sprintf("\n%-15s %s\n", c, p.Summary)
		for _, f := range formats[c] {
			out += "    " + readable(f) + "\n"
		}
	}
	_, err = fmt.Fprint(e.out, out)
	return err
}

// printPage prints a code's page.
func printPage(e *env, c verifier.Code) error {
	p, _ := c.Page()
	text := fmt.Sprintf("%s\n\n%s\n\n%s\n", c, p.Summary, p.Text)
	if p.Example != "" {
		form := "in C"
		if strings.HasSuffix(p.File, ".s") {
			form = "as skep reads it from a .s file"
		}
		text += "\nExample, " + form + ":\n\n" + indent(p.Example)
		text += "\nLinux answers " + p.Errno + ":\n\n" + indent(p.Linux)
	}
	if len(p.Messages) > 0 {
		text += "\nMessages with this code:\n\n"
		for _, f := range p.Messages {
			text += "    " + readable(f) + "\n"
		}
	}
	_, err := fmt.Fprint(e.out, text)
	return err
}

func indent(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString(strings.TrimRight("    "+line, " \n") + "\n")
	}
	return b.String()
}

var formatVerb = regexp.MustCompile(`%[0-9]*[a-z]`)

// readable is a format with dots for what varies.
func readable(format string) string {
	return strings.ReplaceAll(formatVerb.ReplaceAllString(format, "…"), "%%", "%")
}

// findCode finds a code by its name in any case, by its constant's name, or by
// the first letters that no other code has.
func findCode(name string) (verifier.Code, error) {
	var begin []verifier.Code
	for _, c := range verifier.Codes() {
		if strings.EqualFold(name, c.String()) || strings.EqualFold(name, "Code"+c.String()) {
			return c, nil
		}
		if strings.HasPrefix(strings.ToLower(c.String()), strings.ToLower(name)) {
			begin = append(begin, c)
		}
	}
	if len(begin) == 1 && len(name) >= 3 {
		return begin[0], nil
	}
	if strings.Contains(name, " ") {
		return 0, usageErrorf("no message of the verifier is like %q: skep explain lists all codes", name)
	}
	if found := nearCodes(name); len(found) > 0 {
		return 0, usageErrorf("unknown code %q: did you mean %s?", name, strings.Join(found, ", "))
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
	var found []string
	if len(name) > 1 {
		for _, n := range codeNames() {
			if strings.Contains(strings.ToLower(n), name) {
				found = append(found, n)
			}
		}
	}
	if len(found) == 0 {
		dist := func(n string) int { return near.Distance(name, strings.ToLower(n)) }
		for _, n := range codeNames() {
			if dist(n) <= max(1, len(n)/3) {
				found = append(found, n)
			}
		}
		slices.SortStableFunc(found, func(a, b string) int { return dist(a) - dist(b) })
	}
	return found[:min(len(found), most)]
}

// seeExplain is the hint that ends the text of a rejection.
func seeExplain(code string) string { return "see: skep explain " + code }
