package asm

import (
	"encoding/binary"
	"encoding/hex"
	"math"
	"strconv"
	"strings"

	"github.com/skepbpf/skep/isa"
)

// word is a word of a directive: "key=4" is one with a key and a value.
type word struct {
	text   string // without quotes; of key=value, the value
	key    string // "" for others
	quoted bool
	at     pos // of the word
	val    pos // of the value; at, where there is no key
}

// words splits a directive into words. A quoted string may stand alone or
// after "key=".
func (p *parser) words(line int, s string) ([]word, error) {
	s = isa.StripComment(s)
	var out []word
	for n := 0; n < len(s); {
		if s[n] == ' ' || s[n] == '\t' || s[n] == '\r' {
			n++
			continue
		}
		w := word{at: pos{line, n + 1}}
		start := n
		for n < len(s) && strings.IndexByte(" \t\r\"=", s[n]) < 0 {
			n++
		}
		if n > start && n+1 < len(s) && s[n] == '=' && s[n+1] != ' ' && s[n+1] != '\t' {
			w.key = s[start:n]
			n++
			start = n
			for n < len(s) && strings.IndexByte(" \t\r\"", s[n]) < 0 {
				n++
			}
		} else if n == start && s[n] == '=' {
			n++
		}
		w.text, w.val = s[start:n], pos{line, start + 1}
		if w.text == "" && n < len(s) && s[n] == '"' {
			q, err := strconv.QuotedPrefix(s[n:])
			if err != nil {
				return nil, p.errorf(pos{line, n + 1}, "string is not closed or has a bad escape")
			}
			w.text, _ = strconv.Unquote(q)
			w.quoted = true
			n += len(q)
		}
		if n < len(s) && strings.IndexByte(" \t\r", s[n]) < 0 {
			return nil, p.errorf(pos{line, n + 1}, "unexpected %q; put a blank before it", s[n])
		}
		out = append(out, w)
	}
	return out, nil
}

// attrs hands out the words of a directive after its name.
type attrs struct {
	p     *parser
	words []word
	dir   word
	end   pos
}

// next takes the next word that is no key=value.
func (a *attrs) next(what string) (word, error) {
	if len(a.words) == 0 || a.words[0].key != "" {
		at := a.end
		if len(a.words) > 0 {
			at = a.words[0].at
		}
		return word{}, a.p.errorf(at, "%s needs %s", a.dir.text, what)
	}
	w := a.words[0]
	a.words = a.words[1:]
	return w, nil
}

// done refuses words that are left.
func (a *attrs) done() error {
	if len(a.words) == 0 {
		return nil
	}
	w := a.words[0]
	if w.key != "" {
		return a.p.errorf(w.at, "%s has no attribute %q", a.dir.text, w.key)
	}
	return a.p.errorf(w.at, "unexpected %q after %s", w.text, a.dir.text)
}

// unknown refuses an attribute or flag word and lists those that there are.
func (a *attrs) unknown(w word, known string) error {
	if w.key != "" {
		return a.p.errorf(w.at, "%s has no attribute %q; it takes %s", a.dir.text, w.key, known)
	}
	return a.p.errorf(w.at, "unexpected %q; %s takes %s", w.text, a.dir.text, known)
}

func (p *parser) uint(w word, bits int) (uint64, error) {
	v, err := strconv.ParseUint(w.text, 0, bits)
	if err != nil || w.quoted {
		return 0, p.errorf(w.val, "%q is not a number of %d bits", w.text, bits)
	}
	return v, nil
}

func (p *parser) uint32(w word, to *uint32) error {
	v, err := p.uint(w, 32)
	*to = uint32(v)
	return err
}

// maxBytes bounds the bytes that one text describes, since "zero N" makes many
// of few.
const maxBytes = 64 << 20

// bytes reads data: strings, "u8 N" to "u64 N", "hex 0011aa" and "zero N", up
// to the end or to an "=".
func (a *attrs) bytes() ([]byte, error) {
	p := a.p
	var b []byte
	for len(a.words) > 0 && (a.words[0].text != "=" || a.words[0].quoted) {
		w := a.words[0]
		a.words = a.words[1:]
		if w.quoted && w.key == "" {
			b = append(b, w.text...)
			continue
		}
		v, err := a.next("a value after " + w.text)
		if err != nil {
			return nil, err
		}
		switch w.text {
		case "hex":
			raw, err := hex.DecodeString(v.text)
			if err != nil {
				return nil, p.errorf(v.at, "%q is not an even number of hexadecimal digits", v.text)
			}
			b = append(b, raw...)
		case "zero":
			n, err := p.uint(v, 32)
			if err != nil {
				return nil, err
			}
			if p.zeros += int(n); p.zeros > maxBytes {
				return nil, p.errorf(v.at, "more than %d zero bytes in all", maxBytes)
			}
			b = append(b, make([]byte, n)...)
		case "u8", "u16", "u32", "u64":
			bits, _ := strconv.Atoi(w.text[1:])
			n, err := p.signed(v, bits)
			if err != nil {
				return nil, err
			}
			b = appendUint(b, p.out.ByteOrder, bits, n)
		default:
			return nil, p.errorf(w.at, "expected data: \"string\", u8, u16, u32, u64, hex or zero, found %q", w.text)
		}
	}
	return b, nil
}

// signed reads a number of some bits, signed or not.
func (p *parser) signed(w word, bits int) (uint64, error) {
	if strings.HasPrefix(w.text, "-") {
		v, err := strconv.ParseInt(w.text, 0, bits)
		if err != nil {
			return 0, p.errorf(w.val, "%q is not a number of %d bits", w.text, bits)
		}
		return uint64(v) & (math.MaxUint64 >> (64 - bits)), nil
	}
	return p.uint(w, bits)
}

func appendUint(b []byte, order binary.ByteOrder, bits int, v uint64) []byte {
	var buf [8]byte
	switch bits {
	case 8:
		buf[0] = uint8(v)
	case 16:
		order.PutUint16(buf[:], uint16(v))
	case 32:
		order.PutUint32(buf[:], uint32(v))
	default:
		order.PutUint64(buf[:], v)
	}
	return append(b, buf[:bits/8]...)
}
