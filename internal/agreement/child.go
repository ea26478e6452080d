package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/skepbpf/skep/image"
)

// event is a line that a child prints: it begins a program, or has an answer,
// or ends an object.
type event struct {
	key
	Index  int     `json:"index"` // of the program in its object
	What   string  `json:"what"`
	Class  string  `json:"class,omitempty"`
	Answer *answer `json:"answer,omitempty"`
}

// What an event is.
const (
	eventBegin  = "begin"
	eventOurs   = "ours"
	eventTheirs = "theirs"
	eventEnd    = "end"
	eventFailed = "failed" // the object cannot be opened
)

// serve answers the tasks on in: lines of an object and the number of the
// first program that is asked for.
func serve(dir string, c *corpus, in io.Reader, out io.Writer) error {
	enc := json.NewEncoder(out)
	sc := bufio.NewScanner(in)
	for sc.Scan() {
		name, from, _ := strings.Cut(sc.Text(), "\t")
		first, err := strconv.Atoi(from)
		if err != nil {
			return fmt.Errorf("task %q: %w", sc.Text(), err)
		}
		if err := c.object(enc, dir, name, first); err != nil {
			return err
		}
	}
	return sc.Err()
}

func (c *corpus) object(enc *json.Encoder, dir, name string, first int) error {
	programs, classes, err := c.programs(dir, name)
	if err != nil {
		return enc.Encode(event{key: key{Object: name}, What: eventFailed, Answer: &answer{Why: err.Error()}})
	}
	for i, p := range programs {
		if i < first {
			continue
		}
		e := event{key: key{name, p.Name}, Index: i, What: eventBegin, Class: classes[i]}
		if err := enc.Encode(e); err != nil {
			return err
		}
		if err := c.ask(enc, e, p); err != nil {
			return err
		}
	}
	return enc.Encode(event{key: key{Object: name}, What: eventEnd})
}

// ask asks both sides in turn, so that their times are of the same moment. Of
// programs that take long the shortest of several times counts.
func (c *corpus) ask(enc *json.Encoder, e event, p *image.Program) error {
	ctx := context.Background()
	ours := c.ours(ctx, p)
	e.Class = ""
	e.What, e.Answer = eventOurs, &ours
	if err := enc.Encode(e); err != nil || !c.live {
		return err
	}
	theirs := c.theirs(ctx, p)
	for range c.repeat - 1 {
		if max(ours.Time, theirs.Time) < time.Millisecond || ours.Verdict == none || theirs.Verdict == none {
			break
		}
		ours.Time = min(ours.Time, c.ours(ctx, p).Time)
		theirs.Time = min(theirs.Time, c.theirs(ctx, p).Time)
	}
	if c.repeat > 1 {
		if err := enc.Encode(e); err != nil {
			return err
		}
	}
	e.What, e.Answer = eventTheirs, &theirs
	return enc.Encode(e)
}
