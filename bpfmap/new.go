package bpfmap

import (
	"errors"
	"fmt"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/image"
)

// New makes a map from its definition, checked by Linux 6.18's rules, with
// the initial elements that are plain values; programs and inner maps are put
// in by the caller through Holder. It does not freeze.
func New(def *image.Map, o Options) (Map, error) {
	if o.Table == nil {
		return nil, fmt.Errorf("map %q: options without a table", def.Name)
	}
	if err := checkDef(def); err != nil {
		return nil, err
	}
	m, err := construct(def, o)
	if errors.Is(err, ErrUnsupported) {
		return nil, &CreateError{Map: def.Name, Errno: abi.ENOTSUPP, Reason: err.Error(), err: err}
	}
	if err != nil {
		return nil, &CreateError{Map: def.Name, Errno: abi.ENOMEM, Reason: "no memory: " + err.Error(), err: err}
	}
	o.Table.add(m)
	for i, e := range def.Contents {
		if e.Value == nil {
			continue
		}
		if errno := Update(m, e.Key, e.Value, abi.UpdateAny); errno != 0 {
			m.Close()
			return nil, &CreateError{Map: def.Name, Errno: errno, Reason: fmt.Sprintf("initial element %d is refused", i)}
		}
	}
	return m, nil
}

// construct makes a map from a definition that has been checked.
func construct(def *image.Map, o Options) (Map, error) {
	switch def.Type {
	case abi.Array:
		return newArray(def, o)
	case abi.Hash, abi.PerCPUHash, abi.LRUHash, abi.LRUPerCPUHash:
		return newHash(def, o)
	case abi.PerCPUArray:
		return newPerCPUArray(def, o)
	case abi.LPMTrie:
		return newLPM(def, o)
	case abi.Queue, abi.Stack:
		return newQueue(def, o)
	case abi.HashOfMaps:
		return newHashOfMaps(def, o)
	case abi.BloomFilter:
		return newBloom(def, o)
	case abi.DevMap, abi.CPUMap:
		return newRedirectArray(def, o)
	case abi.DevMapHash:
		return newRedirectHash(def, o)
	case abi.XSKMap:
		return newXSKMap(def, o)
	case abi.ProgArray:
		return newProgArray(def, o)
	case abi.PerfEventArray:
		return newPerfEventArray(def, o)
	case abi.ArrayOfMaps:
		return newArrayOfMaps(def, o)
	case abi.RingBuf:
		return newRingBuf(def, o)
	}
	return nil, fmt.Errorf("%s: %w", def.Type.Short(), ErrUnsupported)
}
