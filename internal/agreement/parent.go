package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"time"
)

// survey asks about every program of objects.
type survey struct {
	argv    []string // starts a child
	live    bool
	limit   time.Duration // the longest silence of a child
	mu      sync.Mutex
	results map[key]*result
	// failed are the objects that gave nothing, with the reason.
	failed map[string]string
}

// run shares the objects out among jobs children.
func (s *survey) run(objects []string, jobs int) error {
	s.results, s.failed = make(map[key]*result), make(map[string]string)
	todo := make(chan string)
	errs := make(chan error, jobs)
	for range jobs {
		go func() { errs <- s.work(todo) }()
	}
	var sent error
	for _, o := range objects {
		select {
		case todo <- o:
			continue
		case sent = <-errs:
		}
		break
	}
	close(todo)
	if sent != nil {
		return sent
	}
	var all []error
	for range jobs {
		all = append(all, <-errs)
	}
	return errors.Join(all...)
}

// work gives a child one object after the other, and begins again with a new
// child behind the program at which one ended.
func (s *survey) work(todo <-chan string) error {
	var c *child
	defer func() { c.stop() }()
	for obj := range todo {
		for first := 0; first >= 0; {
			if c == nil {
				var err error
				if c, err = start(s.argv); err != nil {
					return err
				}
			}
			next, err := s.object(c, obj, first)
			if err != nil {
				c.stop()
				c = nil
			}
			first = next
		}
	}
	return nil
}

// object has one object judged from its program first on. If the child ends
// before the object does, next is where to go on, -1 for nowhere.
func (s *survey) object(c *child, obj string, first int) (next int, err error) {
	var at *result
	next = -1
	if _, err = fmt.Fprintf(c.in, "%s\t%d\n", obj, first); err == nil {
		for {
			var e event
			if e, err = c.next(s.limit); err != nil {
				break
			}
			if e.Answer == nil && e.What != eventBegin && e.What != eventEnd || at == nil && (e.What == eventOurs || e.What == eventTheirs) {
				err = fmt.Errorf("the child says %q at the wrong place", e.What)
				break
			}
			switch e.What {
			case eventBegin:
				at = &result{key: e.key, Class: e.Class}
				at.Ours = answer{Verdict: none, Why: "no answer"}
				at.Theirs = at.Ours
				s.mu.Lock()
				s.results[e.key] = at
				s.mu.Unlock()
				next = e.Index + 1
			case eventOurs:
				at.Ours = *e.Answer
			case eventTheirs:
				at.Theirs = *e.Answer
			case eventFailed:
				s.fail(obj, e.Answer.Why)
				return -1, nil
			case eventEnd:
				return -1, nil
			}
		}
	}
	why := fmt.Sprintf("the child ended: %v", err)
	switch {
	case at == nil && first == 0:
		s.fail(obj, why)
	case at == nil:
	case at.Ours.Verdict == none && at.Ours.Why == "no answer":
		at.Ours.Why = why
	case s.live && at.Theirs.Verdict == none:
		at.Theirs.Why = why
	}
	return next, err
}

func (s *survey) fail(obj, why string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failed[obj] = why
}

// child is a process that judges.
type child struct {
	cmd    *exec.Cmd
	in     io.WriteCloser
	events chan event
	stderr bytes.Buffer
}

func start(argv []string) (*child, error) {
	c := &child{cmd: exec.Command(argv[0], argv[1:]...), events: make(chan event, 16)}
	c.cmd.Stderr = &c.stderr
	var err error
	if c.in, err = c.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := c.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		defer close(c.events)
		sc := bufio.NewScanner(out)
		sc.Buffer(nil, 16<<20)
		for sc.Scan() {
			var e event
			if json.Unmarshal(sc.Bytes(), &e) != nil {
				return
			}
			c.events <- e
		}
	}()
	return c, nil
}

// next is the child's next event.
func (c *child) next(limit time.Duration) (event, error) {
	t := time.NewTimer(limit)
	defer t.Stop()
	select {
	case e, ok := <-c.events:
		if ok {
			return e, nil
		}
		c.in.Close()
		_ = c.cmd.Process.Kill() // where it says what it should not
		err := c.cmd.Wait()
		first, _, _ := strings.Cut(strings.TrimSpace(c.stderr.String()), "\n")
		return e, fmt.Errorf("%w: %s", cmpErr(err, io.ErrUnexpectedEOF), first)
	case <-t.C:
		return event{}, fmt.Errorf("no answer in %v", limit)
	}
}

func cmpErr(err, other error) error {
	if err != nil {
		return err
	}
	return other
}

// stop ends the child, if there is one.
func (c *child) stop() {
	if c == nil {
		return
	}
	c.in.Close()
	if c.cmd.ProcessState == nil {
		_ = c.cmd.Process.Kill() // it may have ended by itself
		go func() {
			for range c.events {
			}
		}()
		_ = c.cmd.Wait() // killed
	}
}

// merge gives the programs the recorded verdicts. Those that need a kernel's
// types are compared only where these are the recorded kernel's. missing are the
// recorded programs that the corpus lacks, if it is the whole one.
func (s *survey) merge(rec *record, sameTypes, whole bool) (missing []string) {
	for _, r := range s.results {
		r.Theirs = answer{Verdict: none, Why: "not in the record"}
	}
	for k, want := range rec.results {
		r := s.results[k]
		if r == nil {
			why, ok := s.failed[k.Object]
			if !ok {
				if whole {
					missing = append(missing, k.String())
				}
				continue
			}
			r = &result{key: k, Class: want.Class, Ours: answer{Verdict: none, Why: why}}
			s.results[k] = r
		}
		r.Theirs = want.Theirs
		if !sameTypes && want.Class == classKernel {
			r.Theirs = answer{Verdict: none, Why: "this kernel's types are not those of the recorded one"}
		}
	}
	slices.Sort(missing)
	return missing
}
