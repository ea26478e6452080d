package skep

import (
	"errors"
	"fmt"
)

// MapIterator visits the elements of a map.
type MapIterator struct {
	m    *Map
	cur  []byte
	done bool
	err  error
	n    uint32
}

// Iterate visits all elements. Keys that are deleted or inserted meanwhile may
// be missed, as in the kernel.
func (m *Map) Iterate() *MapIterator { return &MapIterator{m: m} }

// Next reads the next element. It is false at the end and on errors, which Err
// tells apart.
func (it *MapIterator) Next(keyOut, valueOut any) bool {
	if it.err != nil || it.done {
		return false
	}
	for ; it.n <= it.m.def.MaxEntries; it.n++ {
		var prev any
		if it.cur != nil {
			prev = it.cur
		}
		next, err := it.m.NextKeyBytes(prev)
		if err != nil {
			it.err = fmt.Errorf("next key: %w", err)
			return false
		}
		if next == nil {
			it.done = true
			return false
		}
		it.cur = next
		err = it.m.Lookup(next, valueOut)
		if errors.Is(err, ErrKeyNotExist) {
			// Gone between the two calls, or an empty element of an array of
			// maps or programs.
			continue
		}
		if err == nil {
			err = unmarshal(keyOut, next)
		}
		if err != nil {
			it.err = err
			return false
		}
		it.n++
		return true
	}
	it.err = fmt.Errorf("more than %d elements: %w", it.m.def.MaxEntries, ErrIterationAborted)
	return false
}

// Err is the error that ended the iteration, nil at the end of the map.
func (it *MapIterator) Err() error { return it.err }
