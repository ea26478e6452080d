package verifier

import (
	"embed"
	"regexp"
	"strings"
)

// pages are the codes' pages: a file for each code, in C or in the assembler's
// text. A comment says what the rule is and what to do, a program shows it.
//
//go:embed pages/*.s pages/*.c
var pages embed.FS

// Page explains a Code.
type Page struct {
	Code    Code
	Summary string // what it means, in one sentence
	Text    string // the rule, why there is one, what to do about it, in paragraphs
	// Errno and Linux are the error number's name and the lines that Linux
	// gives as the reason for Example. "" without an example.
	Errno, Linux string
	// Example has a program "rejected", or "rejected_unprivileged" for the
	// rules of Sandbox, that is rejected with the code, and mostly "mended",
	// that is accepted. "" for codes that no program meets, or none of a few
	// lines.
	Example string
	// File is the name of the example's file, which ends in ".c" or in ".s" for
	// assembler text.
	File string
	// Messages are the formats of Linux's messages that have the code.
	Messages []string
}

// Codes are all codes, in their order.
func Codes() []Code {
	all := make([]Code, 0, len(codeNames))
	for c := CodeInternal; int(c) < len(codeNames); c++ {
		all = append(all, c)
	}
	return all
}

// Page is the page of c, false if there is no such code.
func (c Code) Page() (Page, bool) {
	if c < CodeInternal || int(c) >= len(codeNames) {
		return Page{}, false
	}
	p, mark := Page{Code: c, File: c.String() + ".c"}, "//"
	text, err := pages.ReadFile("pages/" + p.File)
	if err != nil {
		p.File, mark = c.String()+".s", ";"
		text, err = pages.ReadFile("pages/" + p.File)
	}
	if err != nil {
		panic("BUG: no page for " + c.String())
	}
	comment, rest := splitComment(string(text), mark)
	if m := answer.FindStringSubmatchIndex(comment); m != nil {
		p.Errno, p.Linux = comment[m[2]:m[3]], strings.ReplaceAll(comment[m[4]:m[5]], "\n    ", "\n")
		comment = comment[:m[0]]
	}
	p.Summary, p.Text, _ = strings.Cut(comment, "\n\n")
	p.Summary = strings.ReplaceAll(p.Summary, "\n", " ")
	p.Example = strings.TrimSpace(rest)
	for _, m := range messages() {
		if m.Code == c {
			p.Messages = append(p.Messages, m.Format)
		}
	}
	return p, true
}

// answer is the paragraph with what Linux says of the example.
var answer = regexp.MustCompile(`(?s)\n\nLinux answers (E[A-Z0-9]+):\n    (.*)$`)

// splitComment parts the comment that a text begins with from the rest.
func splitComment(text, mark string) (comment, rest string) {
	var b strings.Builder
	for strings.HasPrefix(text, mark) {
		line, after, _ := strings.Cut(text, "\n")
		b.WriteString(strings.TrimPrefix(strings.TrimPrefix(line, mark), " ") + "\n")
		text = after
	}
	return strings.TrimSpace(b.String()), text
}
