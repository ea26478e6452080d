package isa

import (
	"errors"
	"strconv"
	"strings"
)

// LineError is an error in a text of several lines.
type LineError struct {
	Line int // 1-based
	Err  error
}

// Error names the line and says what is wrong in it.
func (e *LineError) Error() string {
	var s *SyntaxError
	if errors.As(e.Err, &s) {
		return "line " + strconv.Itoa(e.Line) + ", " + s.Error()
	}
	return "line " + strconv.Itoa(e.Line) + ": " + e.Err.Error()
}

// Unwrap is the error without its line.
func (e *LineError) Unwrap() error { return e.Err }

// CutLabel splits a label definition, "name:", from the front of a line; rest
// keeps its columns by blanks in the place of the label.
func CutLabel(line string) (label, rest string, ok bool) {
	s := strings.TrimLeft(line, " \t")
	size := 0
	if strings.HasPrefix(s, `"`) {
		size = quotedLen(s)
		name, err := strconv.Unquote(s[:size])
		if err != nil {
			return "", line, false
		}
		label = name
	} else {
		for size < len(s) && isNameByte(s[size]) {
			size++
		}
		label = s[:size]
	}
	if size == 0 || size >= len(s) || s[size] != ':' {
		return "", line, false
	}
	blank := len(line) - len(s) + size + 1
	return label, strings.Repeat(" ", blank) + s[size+1:], true
}

// ParseListing reads instructions, one a line, with labels. A line may begin
// with its slot and, in parentheses, its opcode, as lines of the kernel's logs
// and of bpftool do.
func ParseListing(src string) ([]Insn, error) {
	var (
		insns  []Insn
		labels = map[string]int{}
		refs   []pending
	)
	for n, line := range strings.Split(src, "\n") {
		fail := func(err error) ([]Insn, error) { return nil, &LineError{n + 1, err} }
		for {
			label, rest, ok := CutLabel(line)
			if !ok {
				break
			}
			if pc, err := strconv.Atoi(label); err == nil {
				if pc != len(insns) {
					return fail(errorAt(1, "slot %d stands where slot %d is expected", pc, len(insns)))
				}
				line = logLine(rest)
				break
			}
			if _, ok := labels[label]; ok {
				return fail(errorAt(1, "label %q is defined twice", label))
			}
			labels[label] = len(insns)
			line = rest
		}
		s, err := ParseStatement(line)
		if err != nil {
			return fail(err)
		}
		if s.Ref.Kind != RefNone {
			refs = append(refs, pending{s, n + 1, len(insns)})
		}
		insns = append(insns, s.Insns...)
	}
	for _, r := range refs {
		target, ok := labels[r.s.Ref.Name]
		var err error
		if ok && r.s.Ref.Kind != RefMap && r.s.Ref.Kind != RefKsym && !r.s.Ref.HasNum {
			err = r.s.Resolve(r.pc, target)
		} else {
			err = r.s.resolveNumber()
		}
		if err != nil {
			return nil, &LineError{r.line, err}
		}
		copy(insns[r.pc:], r.s.Insns)
	}
	return insns, nil
}

// pending is a statement whose reference waits for all labels.
type pending struct {
	s    Statement
	line int
	pc   int
}

// logLine drops the opcode in parentheses that the kernel prints before an
// instruction, and marks a 64-bit immediate by what it says.
func logLine(line string) string {
	s := strings.TrimLeft(line, " \t")
	if len(s) < 4 || s[0] != '(' || s[3] != ')' {
		return line
	}
	op, err := strconv.ParseUint(s[1:3], 16, 8)
	if err != nil {
		return line
	}
	line = strings.Repeat(" ", len(line)-len(s)+4) + s[4:]
	if Op(op) == LdImm64 && !strings.HasSuffix(strings.TrimSpace(StripComment(line)), "ll") {
		line = StripComment(line) + " ll"
	}
	return line
}
