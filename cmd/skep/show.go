package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sort"
	"strings"

	"github.com/cilium/ebpf/btf"

	"github.com/skepbpf/skep"
	"github.com/skepbpf/skep/internal/decode"
)

// element is a decoded map element.
type element struct {
	Key   decode.JSON `json:"key"`
	Value decode.JSON `json:"value"`
}

// shown reports whether a map's contents are part of the result: constants and
// maps without elements to read are not.
func shown(m *skep.Map) bool {
	switch m.Type() {
	case skep.RingBuf, skep.UserRingbuf, skep.PerfEventArray, skep.ProgramArray, skep.Queue, skep.Stack,
		skep.BloomFilter, skep.ArrayOfMaps, skep.HashOfMaps, skep.StructOpsMap, skep.Arena:
		return false
	}
	s := m.Image().Section
	return !strings.HasPrefix(s, ".rodata") && s != ".kconfig"
}

// readMap decodes all elements of a map, in order of their keys' text for kinds
// whose own order means nothing.
func readMap(m *skep.Map, opts decode.Options) ([]element, error) {
	def := m.Image()
	percpu := isPerCPU(m.Type())
	var out []element
	var k, v []byte
	it := m.Iterate()
	for it.Next(&k, &v) {
		e := element{Key: decode.JSON{Value: decode.Bytes(def.Key, k, opts)}}
		if !percpu {
			e.Value.Value = decode.Bytes(def.Value, v, opts)
		} else {
			size := (int(def.ValueSize) + 7) &^ 7
			var list decode.List
			for i := 0; i+size <= len(v); i += size {
				list = append(list, decode.Bytes(def.Value, v[i:i+int(def.ValueSize)], opts))
			}
			e.Value.Value = list
		}
		out = append(out, e)
	}
	if err := it.Err(); err != nil && !errors.Is(err, skep.ErrIterationAborted) {
		return nil, err
	}
	if !isArray(m.Type()) {
		sort.SliceStable(out, func(i, j int) bool {
			return decode.Less(out[i].Key.Value, out[j].Key.Value)
		})
	}
	return out, nil
}

func isPerCPU(t skep.MapType) bool {
	return t == skep.PerCPUArray || t == skep.PerCPUHash || t == skep.LRUCPUHash
}

func isArray(t skep.MapType) bool { return t == skep.Array || t == skep.PerCPUArray }

// printMap prints a map's elements, one a line; elements of arrays that are all
// zero are counted only.
func printMap(w io.Writer, m *skep.Map, opts decode.Options, all bool) error {
	elements, err := readMap(m, opts)
	if err != nil {
		return fmt.Errorf("map %q: %w", m.Name(), err)
	}
	if s := m.Image().Section; s != "" {
		return printSection(w, m.Name(), elements)
	}
	fmt.Fprintf(w, "\nmap %s (%s), %s\n", m.Name(), m.Type().Short(), count(len(elements), "element"))
	zero := 0
	for _, e := range elements {
		if !all && isArray(m.Type()) && decode.IsZero(e.Value.Value) {
			zero++
			continue
		}
		fmt.Fprintf(w, "  %s: %s\n", decode.Text(e.Key.Value), valueText(e.Value.Value, isPerCPU(m.Type())))
	}
	if zero > 0 {
		fmt.Fprintf(w, "  (%s all zero)\n", count(zero, "element"))
	}
	return nil
}

// printSection prints the variables of a data section.
func printSection(w io.Writer, name string, elements []element) error {
	fmt.Fprintf(w, "\nvariables (%s)\n", name)
	for _, e := range elements {
		s, ok := e.Value.Value.(decode.Struct)
		if !ok {
			fmt.Fprintf(w, "  %s\n", decode.Text(e.Value.Value))
			continue
		}
		for _, f := range s {
			fmt.Fprintf(w, "  %s = %s\n", f.Name, decode.Text(f.Value))
		}
	}
	return nil
}

// valueText is a value on one line, with the sum of per-CPU numbers first.
func valueText(v decode.Value, percpu bool) string {
	l, ok := v.(decode.List)
	if !percpu || !ok {
		return decode.Text(v)
	}
	if sum := decode.Sum(l); sum != nil {
		return decode.Text(sum) + " over " + count(len(l), "CPU")
	}
	return decode.Text(v)
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// event is a record of a ring buffer or perf event array.
type event struct {
	Map   string      `json:"map"`
	CPU   *int        `json:"cpu,omitempty"` // perf only
	Value decode.JSON `json:"value"`
	Lost  uint64      `json:"lost,omitempty"`
}

// recordType is the struct that a map's records are: named by --event, by the
// map's decl tag "records:NAME", or the one called after the map or "event" whose
// size fits.
func recordType(types *btf.Spec, m *skep.Map, named map[string]string, size int) btf.Type {
	if types == nil {
		return nil
	}
	if name, ok := named[m.Name()]; ok {
		return structNamed(types, name, 0)
	}
	for _, tag := range m.Image().Tags {
		if name, ok := strings.CutPrefix(tag, "records:"); ok {
			return structNamed(types, name, 0)
		}
	}
	for _, name := range []string{m.Name(), strings.TrimSuffix(m.Name(), "s"), m.Name() + "_event", "event", "event_t"} {
		if t := structNamed(types, name, size); t != nil {
			return t
		}
	}
	return nil
}

func structNamed(types *btf.Spec, name string, size int) btf.Type {
	candidates, err := types.AnyTypesByName(name)
	if err != nil {
		return nil
	}
	for _, t := range candidates {
		n, err := btf.Sizeof(t)
		if err == nil && (size == 0 || n == size || (n+7)&^7 == size) {
			return t
		}
	}
	return nil
}

func printJSON(w io.Writer, v any) error { return json.NewEncoder(w).Encode(v) }
