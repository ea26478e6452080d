package skep

import (
	"fmt"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/internal/mem"
	"github.com/skepbpf/skep/internal/packet"
	"github.com/skepbpf/skep/vm"
)

// skbFields are the fields of struct __sk_buff that RunOptions.Context may set,
// as in BPF_PROG_TEST_RUN.
var skbFields = []struct{ off, size int }{
	{8, 4},   // mark
	{32, 4},  // priority
	{36, 4},  // ingress_ifindex
	{40, 4},  // ifindex
	{48, 20}, // cb
	{152, 8}, // tstamp
	{skbWireLen, 4},
	{164, 4}, // gso_segs
	{176, 4}, // gso_size
}

// skbWireLen is where struct __sk_buff has the length on the wire.
// Linux 6.18: BPF_PROG_TEST_RUN fills it in only where a context is given.
const skbWireLen = 160

// runSKB runs programs that see a packet as a struct __sk_buff.
func (u *userProgram) runSKB(runner *vm.Runner, opts *RunOptions, layer2 bool) (RunResult, error) {
	if len(opts.Data) < packet.EthLen {
		return RunResult{}, fmt.Errorf("packet of %d bytes: at least %d are wanted: %w", len(opts.Data), packet.EthLen, abi.EINVAL)
	}
	skb, err := packet.NewSKB(len(opts.Data))
	if err != nil {
		return RunResult{}, err
	}
	defer skb.Close()
	var given []byte
	if opts.Context != nil {
		if given, err = marshal(opts.Context, sizeOf(opts.Context)); err != nil {
			return RunResult{}, fmt.Errorf("context: %w", err)
		}
	}
	runner.Context().Event = skb
	res, err := repeat(opts, func() (uint64, error) {
		if err := skb.Load(opts.Data, layer2); err != nil {
			return 0, err
		}
		for _, f := range skbFields {
			for off := f.off; off < f.off+f.size && off+4 <= len(given); off += 4 {
				if v := order.Uint32(given[off:]); v != 0 {
					skb.Set(off, v)
				}
			}
		}
		if given != nil && (len(given) < skbWireLen+4 || order.Uint32(given[skbWireLen:]) == 0) {
			skb.Set(skbWireLen, uint32(skb.Len()))
		}
		return runner.Run(u.p, skb.Ctx())
	})
	if err != nil {
		return res, err
	}
	if opts.DataOut != nil {
		out := skb.Data()
		if len(opts.DataOut) < len(out) {
			return res, fmt.Errorf("DataOut of %d bytes: the packet has %d: %w", len(opts.DataOut), len(out), abi.ENOSPC)
		}
		opts.DataOut = opts.DataOut[:copy(opts.DataOut, out)]
	}
	if opts.ContextOut != nil {
		fields := skb.Fields()
		n := min(sizeOf(opts.ContextOut), len(fields))
		if err := unmarshal(opts.ContextOut, fields[:n]); err != nil {
			return res, fmt.Errorf("context: %w", err)
		}
	}
	return res, nil
}

// runRaw runs programs whose context is plain memory: registers, tracepoint
// records, arguments.
func (u *userProgram) runRaw(runner *vm.Runner, opts *RunOptions) (RunResult, error) {
	layout := u.p.Type().Info().Context
	if layout == nil {
		return RunResult{}, &UnsupportedError{What: "running programs of type " + u.p.Type().Short()}
	}
	for _, f := range layout.Fields {
		if f.Kind != abi.FieldScalar && !f.Nullable {
			return RunResult{}, &UnsupportedError{What: "running programs of type " + u.p.Type().Short() + ", whose context has pointers,"}
		}
	}
	in := opts.Data
	switch c := opts.Context.(type) {
	case nil:
	case []byte:
		in = c
	default:
		var err error
		if in, err = marshal(c, sizeOf(c)); err != nil {
			return RunResult{}, fmt.Errorf("context: %w", err)
		}
	}
	size := max(int(layout.Size), len(in), 8)
	block, err := mem.Alloc(size)
	if err != nil {
		return RunResult{}, err
	}
	defer mem.Free(block)
	res, err := repeat(opts, func() (uint64, error) {
		clear(block[copy(block, in):])
		for _, f := range layout.Fields {
			if f.Kind != abi.FieldScalar {
				clear(block[f.Off : f.Off+f.Size]) // no such object
			}
		}
		return runner.Run(u.p, mem.AddrOf(block))
	})
	if err == nil && opts.ContextOut != nil {
		n := sizeOf(opts.ContextOut)
		if n > size {
			return res, fmt.Errorf("ContextOut of %d bytes: the context has %d: %w", n, size, abi.ENOSPC)
		}
		err = unmarshal(opts.ContextOut, block[:n])
	}
	return res, err
}
