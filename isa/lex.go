package isa

import (
	"fmt"
	"strconv"
	"strings"
)

// tokenKind is the kind of a token; punctuation and operators are tokOp.
type tokenKind uint8

const (
	tokEnd tokenKind = iota
	tokName
	tokNumber
	tokString
	tokOp
)

// token is one word of an instruction's text.
type token struct {
	kind  tokenKind
	text  string // as written; of a string, its value
	num   uint64
	hex   bool
	col   int  // 1-based, in bytes
	glued bool // nothing stands between it and the token before
}

// SyntaxError is an error in a text, at a column of the line.
type SyntaxError struct {
	Col int // 1-based, in bytes
	Msg string
}

// Error names the column and says what is wrong there.
func (e *SyntaxError) Error() string { return fmt.Sprintf("column %d: %s", e.Col, e.Msg) }

func errorAt(col int, format string, args ...any) error {
	return &SyntaxError{col, fmt.Sprintf(format, args...)}
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isNameByte(c byte) bool {
	return c == '_' || c == '.' || c == '$' || isDigit(c) || c|0x20 >= 'a' && c|0x20 <= 'z'
}

// operators, longest first where one begins another.
var operators = []string{
	"<<=", ">>=",
	"+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "==", "!=", "<=", ">=",
}

const singles = "=<>&+-*()[]{},:#"

// StripComment cuts a comment off a line. Comments begin with ";" or "//", or
// with a "#" that is not the one of "call name#1".
func StripComment(line string) string {
	for n := 0; n < len(line); n++ {
		switch c := line[n]; {
		case c == '"':
			n += quotedLen(line[n:]) - 1
		case c == ';', c == '/' && strings.HasPrefix(line[n:], "//"):
			return line[:n]
		case c == '#':
			if n == 0 || !isNameByte(line[n-1]) || n+1 == len(line) || !isDigit(line[n+1]) && line[n+1] != '-' {
				return line[:n]
			}
		}
	}
	return line
}

// quotedLen is the length of the quoted string that s begins with, all of s
// if it is not closed.
func quotedLen(s string) int {
	for n := 1; n < len(s); n++ {
		switch s[n] {
		case '\\':
			n++
		case '"':
			return n + 1
		}
	}
	return len(s)
}

// lex splits a line into tokens; a comment ends it.
func lex(line string) ([]token, error) {
	line = StripComment(line)
	var toks []token
	end := 0 // of the token before
	for n := 0; n < len(line); {
		c := line[n]
		if c == ' ' || c == '\t' || c == '\r' {
			n++
			continue
		}
		t := token{col: n + 1, glued: n == end && n > 0}
		size := 0
		switch {
		case isDigit(c):
			for size = 1; n+size < len(line) && isNameByte(line[n+size]); size++ {
			}
			if err := t.number(line[n : n+size]); err != nil {
				return nil, err
			}
		case c == '"':
			size = quotedLen(line[n:])
			s, err := strconv.Unquote(line[n : n+size])
			if err != nil {
				return nil, errorAt(t.col, "string is not closed or has a bad escape")
			}
			t.kind, t.text = tokString, s
		case c == 's' && signedOp(line[n+1:]) != "":
			size = 1 + len(signedOp(line[n+1:]))
			t.kind, t.text = tokOp, line[n:n+size]
		case isNameByte(c):
			for size = 1; n+size < len(line) && isNameByte(line[n+size]); size++ {
			}
			t.kind, t.text = tokName, line[n:n+size]
		default:
			if size = operatorLen(line[n:]); size == 0 {
				r := []rune(line[n:])[0]
				return nil, errorAt(t.col, "unexpected character %q", r)
			}
			t.kind, t.text = tokOp, line[n:n+size]
		}
		toks = append(toks, t)
		n += size
		end = n
	}
	return append(toks, token{kind: tokEnd, col: len(line) + 1}), nil
}

// signedOp is the operator that makes a signed one after an "s".
func signedOp(s string) string {
	for _, op := range [...]string{">>=", "/=", "%=", ">=", "<=", ">", "<"} {
		if strings.HasPrefix(s, op) {
			return op
		}
	}
	return ""
}

func operatorLen(s string) int {
	for _, op := range operators {
		if strings.HasPrefix(s, op) {
			return len(op)
		}
	}
	if strings.IndexByte(singles, s[0]) >= 0 {
		return 1
	}
	return 0
}

func (t *token) number(s string) error {
	t.kind, t.text = tokNumber, s
	t.hex = len(s) > 1 && s[0] == '0'
	if t.hex && isDigit(s[1]) {
		return errorAt(t.col, "number %s begins with 0; write decimal without it, hex with 0x", s)
	}
	if strings.ContainsAny(s, "_oO") {
		return errorAt(t.col, "%q is not a number", s)
	}
	v, err := strconv.ParseUint(s, 0, 64)
	if err != nil {
		if numErr, ok := err.(*strconv.NumError); ok && numErr.Err == strconv.ErrRange {
			return errorAt(t.col, "number %s has more than 64 bits", s)
		}
		return errorAt(t.col, "%q is not a number", s)
	}
	t.num = v
	return nil
}
