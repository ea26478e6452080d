package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/skepbpf/skep"
	"github.com/skepbpf/skep/internal/decode"
	"github.com/skepbpf/skep/perf"
	"github.com/skepbpf/skep/ringbuf"
)

// shownEvents is how many events are printed without --all.
const shownEvents = 20

// record is an event that is not decoded yet.
type record struct {
	m    *skep.Map
	cpu  int // -1 for ring buffers
	data []byte
	lost uint64
}

// collector gathers the records of a collection's ring buffers and perf event
// arrays while programs run.
type collector struct {
	rings []*ringbuf.Reader
	perfs []*perf.Reader
	maps  []*skep.Map // of rings, then of perfs
	keep  int         // records kept, 0 for all
	got   []record
	total int // records seen
}

// perfBuffer is the size of each CPU's perf buffer, in bytes.
const perfBuffer = 1 << 20

// collect makes a collector for every map that holds events. It keeps as many
// as will be shown.
func collect(coll *skep.Collection, f *runFlags) (*collector, error) {
	c := &collector{keep: shownEvents}
	if f.all || f.json {
		c.keep = 0
	}
	var perfMaps []*skep.Map
	for _, name := range sortedMaps(coll) {
		m := coll.Maps[name]
		switch m.Type() {
		case skep.RingBuf:
			r, err := ringbuf.NewReader(m)
			if err != nil {
				c.close()
				return nil, err
			}
			r.SetDeadline(time.Unix(1, 0))
			c.rings = append(c.rings, r)
			c.maps = append(c.maps, m)
		case skep.PerfEventArray:
			r, err := perf.NewReader(m, perfBuffer)
			if err != nil {
				c.close()
				return nil, err
			}
			r.SetDeadline(time.Unix(1, 0))
			c.perfs = append(c.perfs, r)
			perfMaps = append(perfMaps, m)
		}
	}
	c.maps = append(c.maps, perfMaps...)
	return c, nil
}

// poll takes what is there.
func (c *collector) poll() error {
	for i, r := range c.rings {
		err := c.drain(func() (record, error) {
			rec, err := r.Read()
			return record{m: c.maps[i], cpu: -1, data: rec.RawSample}, err
		})
		if err != nil {
			return err
		}
	}
	for i, r := range c.perfs {
		err := c.drain(func() (record, error) {
			rec, err := r.Read()
			return record{m: c.maps[len(c.rings)+i], cpu: rec.CPU, data: rec.RawSample, lost: rec.LostSamples}, err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// drain reads until the reader's deadline, which is long over, tells that there
// is no more.
func (c *collector) drain(read func() (record, error)) error {
	for {
		rec, err := read()
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return nil
		}
		if err != nil {
			return err
		}
		c.total++
		if c.keep == 0 || len(c.got) < c.keep {
			c.got = append(c.got, rec)
		}
	}
}

// sortedMaps are the names of a collection's maps, in order.
func sortedMaps(coll *skep.Collection) []string { return slices.Sorted(maps.Keys(coll.Maps)) }

func (c *collector) close() {
	for _, r := range c.rings {
		r.Close()
	}
	for _, r := range c.perfs {
		r.Close()
	}
}

// decodeEvents shows the records through the types they have.
func decodeEvents(s *session, records []record, opts decode.Options) []event {
	out := make([]event, 0, len(records))
	for _, r := range records {
		ev := event{Map: r.m.Name(), Lost: r.lost}
		if r.cpu >= 0 {
			cpu := r.cpu
			ev.CPU = &cpu
		}
		if r.lost == 0 {
			ev.Value.Value = decode.Bytes(recordType(s.types, r.m, s.named, len(r.data)), r.data, opts)
		}
		out = append(out, ev)
	}
	return out
}

// printEvents prints the events that were kept, of total.
func printEvents(e *env, events []event, total int) {
	if total == 0 {
		return
	}
	fmt.Fprintf(e.out, "\n%s\n", count(total, "event"))
	for _, ev := range events {
		switch {
		case ev.Lost > 0:
			fmt.Fprintf(e.out, "  %s: %s lost\n", ev.Map, count(int(ev.Lost), "sample"))
		case ev.CPU != nil:
			fmt.Fprintf(e.out, "  %s (CPU %d): %s\n", ev.Map, *ev.CPU, decode.Text(ev.Value.Value))
		default:
			fmt.Fprintf(e.out, "  %s: %s\n", ev.Map, decode.Text(ev.Value.Value))
		}
	}
	if more := total - len(events); more > 0 {
		fmt.Fprintf(e.out, "  (%d more: --all shows them)\n", more)
	}
}
