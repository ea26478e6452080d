package asm

import (
	"errors"
	"fmt"

	"github.com/skepbpf/skep/isa"
)

// Error is an error in a text.
type Error struct {
	File      string
	Line, Col int // 1-based; Col counts bytes
	Msg       string
}

// Error names the place and says what is wrong there.
func (e *Error) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Col, e.Msg)
}

// pos is a place in the text.
type pos struct{ line, col int }

func (p *parser) errorf(at pos, format string, args ...any) error {
	return &Error{p.file, at.line, at.col, fmt.Sprintf(format, args...)}
}

// insnError is an error of package isa with its place.
func (p *parser) insnError(line int, err error) error {
	var s *isa.SyntaxError
	if errors.As(err, &s) {
		return &Error{p.file, line, s.Col, s.Msg}
	}
	return &Error{p.file, line, 1, err.Error()}
}
