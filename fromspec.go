package skep

import (
	"github.com/cilium/ebpf"

	"github.com/skepbpf/skep/object"
)

// FromSpec is the spec of a collection that github.com/cilium/ebpf or code
// made by bpf2go has read: the loadX functions work as they are.
func FromSpec(spec *ebpf.CollectionSpec) (*CollectionSpec, error) {
	img, err := object.FromSpec(spec)
	if err != nil {
		return nil, err
	}
	return NewCollectionSpec(img), nil
}
