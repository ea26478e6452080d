package verifier

import (
	_ "embed"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// messagesText has a line for each message: the code, a tab, the format. It is
// read off the calls that refuse a program.
//
//go:embed messages.txt
var messagesText string

// Message is a reason that Linux gives, with the code that it has here.
type Message struct {
	Code   Code
	Format string // as for fmt.Sprintf
}

// messages are all messages, in the order of their codes.
var messages = sync.OnceValue(func() []Message {
	codes := map[string]Code{}
	for _, c := range Codes() {
		codes[c.String()] = c
	}
	var all []Message
	for line := range strings.Lines(messagesText) {
		name, format, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		if !ok || codes[name] == 0 {
			panic(fmt.Sprintf("BUG: messages.txt: %q", line))
		}
		all = append(all, Message{codes[name], format})
	}
	return all
})

const (
	maxQuery = 1 << 14 // bytes of a text that messages are looked for in
	maxPart  = 1 << 9  // bytes of a text that is looked for in messages
)

// FindMessages finds the messages that a text holds; where there are none,
// those that it is a part of; where there are none, those that have most of its
// words. The likeliest come first.
func FindMessages(text string) []Message {
	text = strings.Join(strings.Fields(strings.ToLower(text)), " ")
	if len(text) > maxQuery || letters(text) < 4 {
		return nil
	}
	for _, rate := range []func(Message, string) int{heldBy, partOf, sameWords} {
		if found := rated(rate, text); len(found) > 0 {
			return found
		}
	}
	return nil
}

// rated are the messages that a text gets the highest ratings for.
func rated(rate func(Message, string) int, text string) []Message {
	type hit struct {
		Message
		score int
	}
	var hits []hit
	for _, m := range messages() {
		if score := rate(m, text); score > 0 && tells(m.Code, m.Format, text) {
			hits = append(hits, hit{m, score})
		}
	}
	slices.SortStableFunc(hits, func(a, b hit) int { return b.score - a.score })
	var found []Message
	for _, h := range hits {
		within := slices.ContainsFunc(found, func(m Message) bool { // a longer message
			return m.Format != h.Format && strings.Contains(m.Format, h.Format)
		})
		if 2*h.score < hits[0].score || within {
			continue // what matches much less is chance
		}
		found = append(found, h.Message)
	}
	return found
}

// tells parts the two codes of one message by the type of pointer in it.
func tells(c Code, format, text string) bool {
	if !strings.HasSuffix(format, "invalid mem access '%s'") || !strings.Contains(text, "'") {
		return true
	}
	return strings.Contains(text, "or_null") == (c == CodeMaybeNull)
}

// letters counts the letters of a text that no register's name accounts for.
func letters(text string) int {
	n := 0
	for _, w := range words(text) {
		n += len(w)
	}
	return n
}

var wordPattern = regexp.MustCompile(`[a-z_]{2,}`)

// words are the words of a text in lower case.
func words(text string) []string { return wordPattern.FindAllString(text, -1) }

// verb is what stands for a value in a format.
var verb = regexp.MustCompile(`%[0-9]*[a-z]|%%`)

// ownText is the format's own text, in lower case.
func ownText(format string) string {
	return strings.ToLower(verb.ReplaceAllString(format, " "))
}

// heldBy is how many letters of m a text has in which m stands, 0 where it
// does not.
func heldBy(m Message, text string) int {
	n := letters(ownText(m.Format))
	if n < 4 {
		return 0
	}
	if !patterns()[m.Format].MatchString(text) {
		return 0
	}
	return n
}

// patterns are the messages with any values, by their formats.
var patterns = sync.OnceValue(func() map[string]*regexp.Regexp {
	all := map[string]*regexp.Regexp{}
	for _, m := range messages() {
		all[m.Format] = pattern(strings.ToLower(m.Format))
	}
	return all
})

// pattern matches what a format in lower case makes of any values.
func pattern(format string) *regexp.Regexp {
	var re strings.Builder
	last := 0
	for _, at := range verb.FindAllStringIndex(format, -1) {
		re.WriteString(regexp.QuoteMeta(format[last:at[0]]))
		switch format[at[0]:at[1]] {
		case "%d":
			re.WriteString(`-?[0-9]+`)
		case "%x", "%02x":
			re.WriteString(`[0-9a-f]+`)
		case "%%":
			re.WriteString(`%`)
		default:
			re.WriteString(`.*?`)
		}
		last = at[1]
	}
	re.WriteString(regexp.QuoteMeta(format[last:]))
	return regexp.MustCompile(re.String())
}

// partOf is how many letters of a text come from m's format when the text is a
// part of such a message, 0 when it is none or mostly values.
func partOf(m Message, text string) int {
	if len(text) > maxPart {
		return 0
	}
	format := strings.ToLower(m.Format)
	// at[i] is the most letters that come from the format if what was read of
	// the text ends before element i; -1 if it cannot end there.
	type element struct {
		lit byte
		any bool // a value
	}
	var elems []element
	for i := 0; i < len(format); i++ {
		if at := verb.FindStringIndex(format[i:]); at != nil && at[0] == 0 {
			elems = append(elems, element{'%', format[i+1] != '%'})
			i += at[1] - 1
			continue
		}
		elems = append(elems, element{format[i], false})
	}
	at, next := make([]int, len(elems)+1), make([]int, len(elems)+1)
	for k := range len(text) {
		for i := range next {
			next[i] = -1
		}
		for i, e := range elems {
			switch {
			case at[i] < 0:
			case e.any:
				next[i] = max(next[i], at[i])
				next[i+1] = max(next[i+1], at[i])
				at[i+1] = max(at[i+1], at[i]) // an empty value
			case e.lit == text[k]:
				n := at[i]
				if e.lit >= 'a' && e.lit <= 'z' {
					n++
				}
				next[i+1] = max(next[i+1], n)
			}
		}
		at, next = next, at
	}
	most := slices.Max(at)
	if own := letters(text); most < 6 || 3*most < 2*own {
		return 0
	}
	return most
}

// sameWords is how many letters the words have that a text shares with m, 0
// if that are few.
func sameWords(m Message, text string) int {
	have := words(ownText(m.Format))
	shared, all := 0, 0
	for _, w := range words(text) {
		all += len(w)
		if slices.Contains(have, w) {
			shared += len(w)
		}
	}
	if len(words(text)) < 2 || shared < 10 || 3*shared < 2*all {
		return 0
	}
	return shared
}
