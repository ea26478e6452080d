package skep

import (
	"errors"

	"github.com/skepbpf/skep/bpfmap"
)

// Ring is the consumer's side of the map, which must be a ring buffer.
func (u *userMap) Ring() Ring { return u.m.(*bpfmap.RingBuf) }

// userPerf is the rings of all virtual CPUs as one.
type userPerf struct {
	rings  []*bpfmap.PerfRing
	notify chan struct{}
	next   int // ring to look at first, so that no CPU starves
}

// PerfRings gives every virtual CPU a ring.
func (u *userMap) PerfRings(opts PerfOptions) (PerfRings, error) {
	array := u.m.(*bpfmap.PerfEventArray)
	p := &userPerf{notify: make(chan struct{}, 1)}
	n := min(uint32(u.cpus), array.MaxEntries())
	for i := range n {
		r, err := array.Open(i, bpfmap.PerfOptions{
			CPU: int(i), Size: opts.Size, Watermark: opts.Watermark, WakeupEvents: opts.WakeupEvents,
			Overwrite: opts.Overwritable, Notify: p.notify,
		})
		if err != nil {
			return nil, errors.Join(err, p.Close())
		}
		p.rings = append(p.rings, r)
	}
	return p, nil
}

func (p *userPerf) Consume(f func(cpu int, sample []byte, lost uint64, remaining int)) bool {
	for range p.rings {
		r := p.rings[p.next]
		p.next = (p.next + 1) % len(p.rings)
		if r.Consume(func(sample []byte, lost uint64) { f(r.CPU(), sample, lost, r.Available()) }) {
			return true
		}
	}
	return false
}

func (p *userPerf) Notify() <-chan struct{} { return p.notify }

func (p *userPerf) Wake() {
	select {
	case p.notify <- struct{}{}:
	default:
	}
}

func (p *userPerf) Size() int {
	if len(p.rings) == 0 {
		return 0
	}
	return p.rings[0].Size()
}

func (p *userPerf) Pause() {
	for _, r := range p.rings {
		r.Pause()
	}
}

func (p *userPerf) Resume() {
	for _, r := range p.rings {
		r.Resume()
	}
}

func (p *userPerf) Close() error {
	var errs []error
	for _, r := range p.rings {
		errs = append(errs, r.Close())
	}
	p.rings = nil
	return errors.Join(errs...)
}
