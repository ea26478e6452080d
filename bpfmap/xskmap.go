package bpfmap

import (
	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/image"
)

// XSKMap is BPF_MAP_TYPE_XSKMAP: sockets, held as handles.
type XSKMap struct{ handleArray }

func newXSKMap(def *image.Map, o Options) (*XSKMap, error) {
	x := &XSKMap{}
	if err := x.init(def, o, func(*Handle) abi.Errno { return 0 }); err != nil {
		return nil, err
	}
	return x, nil
}

// Target is the id of the socket at key.
func (x *XSKMap) Target(key uint32) (uint32, bool) {
	h := x.At(key)
	if h == nil {
		return 0, false
	}
	return h.ID, true
}

// Next is the next key with a socket.
func (x *XSKMap) Next(key uint32, first bool) (uint32, bool) {
	i := uint64(key) + 1
	if first {
		i = 0
	}
	for ; i < uint64(x.max); i++ {
		if x.At(uint32(i)) != nil {
			return uint32(i), true
		}
	}
	return 0, false
}

// SysLookup refuses, as in Linux.
func (x *XSKMap) SysLookup(_, _ []byte, _ abi.UpdateFlags) abi.Errno { return abi.EOPNOTSUPP }

// SysDelete empties a slot, whether there is a socket or not.
func (x *XSKMap) SysDelete(key []byte) abi.Errno {
	switch e := x.handleArray.SysDelete(key); e {
	case abi.E2BIG:
		return abi.EINVAL
	case abi.ENOENT:
		return 0
	default:
		return e
	}
}
