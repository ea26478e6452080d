package skep

import (
	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/internal/packet"
)

// frames are a virtual CPU's packets for runs that come one by one: making one
// takes a hundred times as long as a short run. Who has claimed the CPU has
// them.
type frames struct {
	xdp *packet.XDP
	skb *packet.SKB
}

// quickSize is the longest packet that goes into these frames.
const quickSize = 2048

func (f *frames) close() {
	if f.xdp != nil {
		_ = f.xdp.Close()
	}
	if f.skb != nil {
		_ = f.skb.Close()
	}
}

// quick reports whether runOnce can do what opts ask for.
func (o *RunOptions) quick() bool {
	return o != nil && o.Repeat <= 1 && o.Ctx == nil && o.Context == nil && o.ContextOut == nil && o.DataOut == nil &&
		len(o.Data) >= packet.EthLen && len(o.Data) <= quickSize
}

// runOnce runs the program on a packet, without a look at the clock; done is
// false if it cannot. open says whether the caller's handle is. It need not hold
// a reference: whoever closes the last one waits for the claim's epoch.
func (u *userProgram) runOnce(opts *RunOptions, own *handle) (ret uint32, done bool, err error) {
	c := u.rt.vm.TryClaim()
	if c == nil {
		return 0, false, nil
	}
	defer u.rt.vm.Release(c)
	if own.closed.Load() {
		return 0, false, nil
	}
	f := &u.rt.frames[c.CPU]
	if opts.Budget != 0 {
		c.SetBudget(int64(opts.Budget))
	}
	var r0 uint64
	if u.quick == quickXDP {
		x := f.xdp
		if x == nil {
			if x, err = packet.NewXDP(quickSize); err != nil {
				return 0, false, err
			}
			x.SetInput(1, 0)
			f.xdp = x
		}
		if err := x.Load(opts.Data); err != nil {
			return 0, false, err
		}
		c.Event = x
		r0, err = u.p.Run(c, x.Ctx())
	} else {
		s := f.skb
		if s == nil {
			if s, err = packet.NewSKB(quickSize); err != nil {
				return 0, false, err
			}
			f.skb = s
		}
		if err := s.Load(opts.Data, u.quick == quickLayer2); err != nil {
			return 0, false, err
		}
		c.Event = s
		r0, err = u.p.Run(c, s.Ctx())
	}
	return uint32(r0), true, err
}

// quickKind is how runOnce runs a program.
type quickKind uint8

const (
	quickNot quickKind = iota
	quickXDP
	quickLayer2
	quickLayer3
)

func quickKindOf(t abi.ProgType, verified bool) quickKind {
	switch t {
	case abi.XDP:
		if !verified {
			return quickNot // its context has other addresses
		}
		return quickXDP
	case abi.SchedCLS, abi.SchedACT:
		return quickLayer2
	case abi.SocketFilter, abi.CgroupSKB, abi.LWTIn, abi.LWTOut, abi.LWTXmit:
		return quickLayer3
	}
	return quickNot
}
