package hook

import "iter"

// Add adds what another replay gave.
func (r *XDPResult) Add(o *XDPResult) {
	for i := range r.Actions {
		r.Actions[i].join(o.Actions[i])
	}
	r.Invalid.join(o.Invalid)
	r.NoTarget.join(o.NoTarget)
	r.Cut.join(o.Cut)
	r.Time += o.Time
}

func (c *Count) join(o Count) {
	c.Packets += o.Packets
	c.Bytes += o.Bytes
}

// ByName yields the actions that were taken, by their names in C; verdicts that
// are no action are "invalid".
func (r *XDPResult) ByName() iter.Seq2[string, Count] {
	return func(yield func(string, Count) bool) {
		for a, c := range r.Actions {
			if c.Packets > 0 && !yield(XDPAction(a).String(), c) {
				return
			}
		}
		if r.Invalid.Packets > 0 {
			yield("invalid", r.Invalid)
		}
	}
}
