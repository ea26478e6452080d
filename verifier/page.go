package verifier

import (
	"embed"
	"strings"
)

// pages are the codes' pages: a file for each code, in the assembler's text. A
// comment says what the code means and what to do, a program shows it.
//
//go:embed pages/*.s
var pages embed.FS

// Page explains a Code.
type Page struct {
	Code    Code
	Summary string // what it means, in one sentence
	Advice  string // what to do about it, in paragraphs
	// Example is assembly text with a program "rejected", or
	// "rejected_unprivileged" for the rules of Sandbox, that is rejected with
	// the code, and perhaps "mended", that is accepted. "" where a few lines
	// of text cannot show the code.
	Example string
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
	text, err := pages.ReadFile("pages/" + c.String() + ".s")
	if err != nil {
		panic("BUG: no page for " + c.String())
	}
	p := Page{Code: c}
	comment, rest := splitComment(string(text))
	p.Summary, p.Advice, _ = strings.Cut(comment, "\n\n")
	p.Summary = strings.ReplaceAll(p.Summary, "\n", " ")
	p.Example = strings.TrimSpace(rest)
	return p, true
}

// splitComment parts the comment that a text begins with from the rest.
func splitComment(text string) (comment, rest string) {
	var b strings.Builder
	for strings.HasPrefix(text, ";") {
		line, after, _ := strings.Cut(text, "\n")
		b.WriteString(strings.TrimPrefix(strings.TrimPrefix(line, ";"), " ") + "\n")
		text = after
	}
	return strings.TrimSpace(b.String()), text
}
