package main

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/skepbpf/skep/verifier"
)

// expectations are what an object says of one of its programs, in the decl tags
// that the kernel's selftests use.
type expectations struct {
	description string
	tagged      bool // there is a tag for tests at all
	auxiliary   bool // loaded with the other programs, no test by itself
	priv        expected
	unpriv      expected
	logLevel    uint32
	archs       []string
	btfPath     string
	loadMode    string
	linearSize  bool          // only so much of the packet is directly accessible
	caps        verifier.Caps // that the unprivileged user has after all
	notChecked  tally         // expectations that skep has no answer to
	err         error         // of a tag that cannot be read
}

// expected is what one mode of a program, privileged or not, shall do.
type expected struct {
	asked   bool
	result  bool // failure has been said, not inherited
	failure bool
	msgs    []message
	retval  *retval
}

// message is text that the verifier's log shall contain, or shall not between
// its neighbours that it shall.
type message struct {
	order  int // of the tag in the source
	absent bool
	text   string
	re     *regexp.Regexp // nil for verbatim text
}

// retval is the value that the program shall return.
type retval struct {
	text string
	any  bool
	want int32
}

const testTag = "comment:test_"

// readExpectations reads the decl tags of a program.
// Linux 6.18: the tags and what they default to, selftests' bpf_misc.h.
func readExpectations(tags []string) *expectations {
	x := &expectations{notChecked: tally{}}
	for _, tag := range tags {
		name, val, _ := strings.Cut(tag, "=")
		if name == "comment:load_mode" {
			x.loadMode, x.tagged = val, true
			continue
		}
		name, ok := strings.CutPrefix(name, testTag)
		if !ok {
			continue
		}
		x.tagged = true
		if err := x.read(name, val); err != nil && x.err == nil {
			x.err = fmt.Errorf("tag %q: %w", tag, err)
		}
	}
	if !x.priv.asked && !x.unpriv.asked {
		x.priv.asked = true
	}
	for _, e := range []*expected{&x.priv, &x.unpriv} {
		slices.SortStableFunc(e.msgs, func(a, b message) int { return cmp.Compare(a.order, b.order) })
	}
	x.unpriv.inherit(&x.priv)
	return x
}

// inherit takes what is not said of the unprivileged mode from the other.
func (e *expected) inherit(priv *expected) {
	if !e.result {
		e.failure = priv.failure
	}
	if e.retval == nil {
		e.retval = priv.retval
	}
	if len(e.msgs) == 0 {
		e.msgs = priv.msgs
	}
}

// read takes one tag, without what all have in front.
func (x *expectations) read(name, val string) (err error) {
	base, unpriv := strings.CutSuffix(name, unprivSuffix)
	mode := &x.priv
	if unpriv {
		mode = &x.unpriv
	}
	switch base {
	case "expect_success", "expect_failure":
		mode.asked, mode.result, mode.failure = true, true, base == "expect_failure"
	case "expect_msg", "expect_not_msg":
		var m message
		m, err = readMessage(val)
		m.absent = base == "expect_not_msg"
		mode.asked, mode.msgs = true, append(mode.msgs, m)
	case "retval":
		mode.asked = true
		mode.retval, err = readRetval(val)
	case "auxiliary":
		mode.asked, x.auxiliary = true, true
	case "expect_xlated", "jited", "expect_stderr", "expect_stdout":
		mode.asked = true
		if _, text, _ := strings.Cut(val, "="); text != "..." { // that is no pattern
			x.notChecked.add(strings.TrimPrefix(name, "expect_"), 1)
		}
	case "linear_size":
		x.linearSize = true
	case "caps":
		x.caps, err = parseCaps(val)
	case "description":
		x.description = val
	case "log_level":
		var n uint64
		n, err = strconv.ParseUint(val, 0, 32)
		x.logLevel = uint32(n)
	case "arch":
		x.archs = append(x.archs, val)
	case "btf_path":
		x.btfPath = val
	case "prog_flags": // see selftest.WithFlags
	default:
		x.notChecked.add(name, 1)
	}
	return err
}

// readMessage reads "N=text". Parts of the text in {{ }} are extended regular
// expressions; the rest is verbatim.
func readMessage(val string) (message, error) {
	n, text, ok := strings.Cut(val, "=")
	if !ok {
		return message{}, errors.New("no number before the text")
	}
	order, err := strconv.Atoi(n)
	if err != nil {
		return message{}, err
	}
	m := message{order: order, text: text}
	if !strings.Contains(text, "{{") {
		return m, nil
	}
	var re strings.Builder
	for rest := text; rest != ""; {
		verbatim, after, open := strings.Cut(rest, "{{")
		re.WriteString(regexp.QuoteMeta(verbatim))
		if !open {
			break
		}
		expr, next, closed := strings.Cut(after, "}}")
		if !closed {
			return m, errors.New("{{ without }}")
		}
		re.WriteString(expr)
		rest = next
	}
	m.re, err = regexp.CompilePOSIX(re.String())
	return m, err
}

// readRetval reads a number or one of the names that the selftests have, as
// they are written or as their macros expand.
func readRetval(val string) (*retval, error) {
	r := &retval{text: val}
	switch strings.TrimSuffix(strings.TrimPrefix(val, "("), ")") {
	case "INT_MIN", "-2147483647 - 1", "-2147483647 -1", "-0x7fffffff - 1":
		r.want = math.MinInt32
		return r, nil
	case "POINTER_VALUE", "0xcafe4all", "0xbadcafe":
		r.any = true
		return r, nil
	case "TEST_DATA_LEN":
		r.want = testDataLen
		return r, nil
	}
	base, digits := 10, val
	if hex, ok := strings.CutPrefix(val, "0x"); ok {
		base, digits = 16, hex
	}
	n, err := strconv.ParseInt(digits, base, 64)
	if err != nil {
		return nil, fmt.Errorf("%q is no return value", val)
	}
	r.want = int32(n) // as the C of the selftests truncates it
	return r, nil
}

// find is where the message begins and ends in the log; -1 if it is not there.
func (m *message) find(log string) (from, to int) {
	if m.re != nil {
		if at := m.re.FindStringIndex(log); at != nil {
			return at[0], at[1]
		}
		return -1, -1
	}
	from = strings.Index(log, m.text)
	return from, from + len(m.text)
}

// mismatch holds the log against messages: those that shall be there in their
// order, each behind the one before, and none of the others between its
// neighbours. It is the first message for which that is not so, with the part of
// the log that it was looked for in; nil if there is none.
//
// Linux 6.18: the present ones are matched first, absent ones behind the last of
// them are looked for to the log's end.
func mismatch(log string, msgs []message) (*message, string) {
	for rest := msgs; len(rest) > 0; {
		n := slices.IndexFunc(rest, func(m message) bool { return !m.absent })
		between, after := log, ""
		absent := rest
		if n >= 0 {
			absent = rest[:n]
			from, to := rest[n].find(log)
			if from < 0 {
				return &rest[n], log
			}
			between, after = log[:from], log[to:]
		}
		for i := range absent {
			if from, _ := absent[i].find(between); from >= 0 {
				return &absent[i], between[from:]
			}
		}
		if n < 0 {
			break
		}
		log, rest = after, rest[n+1:]
	}
	return nil, ""
}

// nearest is the line of the log that begins most like the message; "" if none
// does.
func nearest(log string, m *message) string {
	best, most := "", 3
	for line := range strings.Lines(log) {
		line = strings.TrimRight(line, "\n")
		n := 0
		for n < len(line) && n < len(m.text) && line[n] == m.text[n] {
			n++
		}
		if n > most {
			best, most = line, n
		}
	}
	return best
}
