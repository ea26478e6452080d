package object

import (
	"debug/elf"
	"errors"
	"fmt"
	"slices"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/image"
)

// legacyMapDef is the size of the five words that every definition has: type,
// key size, value size, entries, flags.
const legacyMapDef = 20

// readLegacyMaps reads the bpf_map_def structs of "maps" sections. libbpf 1.0
// dropped them; cilium/ebpf reads them, and so do we.
func (r *reader) readLegacyMaps() error {
	for _, sec := range r.secs {
		if sec.kind != kindLegacyMaps {
			continue
		}
		var syms []*symbol
		for _, sym := range sec.syms {
			if sym.kind != elf.STT_SECTION && sym.bind != bindLocal {
				syms = append(syms, sym)
			}
		}
		slices.SortStableFunc(syms, func(a, b *symbol) int { return int(int64(a.value) - int64(b.value)) })
		for i, sym := range syms {
			end := uint64(len(sec.data))
			if i+1 < len(syms) {
				end = syms[i+1].value
			}
			if err := r.readLegacyMap(sec, sym, end); err != nil {
				return fmt.Errorf("map %q: %w", sym.name, err)
			}
		}
	}
	return nil
}

// readLegacyMap reads the definition at sym, which may reach up to end. Loaders
// have put words of their own behind the five common ones.
func (r *reader) readLegacyMap(sec *section, sym *symbol, end uint64) error {
	if sym.value > end || end > uint64(len(sec.data)) {
		return errors.New("lies outside of its section")
	}
	size := end - sym.value
	if sym.size != 0 {
		size = min(size, sym.size)
	}
	if size < legacyMapDef {
		return fmt.Errorf("a definition of %d bytes, less than %d", size, legacyMapDef)
	}
	def := sec.data[sym.value : sym.value+size]
	word := func(i int) uint32 { return r.order.Uint32(def[4*i:]) }
	m := &image.Map{
		Name: sym.name, Type: abi.MapType(word(0)), KeySize: word(1), ValueSize: word(2),
		MaxEntries: word(3), Flags: abi.MapFlags(word(4)),
	}
	if slices.ContainsFunc(def[legacyMapDef:], func(b byte) bool { return b != 0 }) {
		// iproute2's id and pinning, and other loaders' own members.
		r.warnf("map %q: members behind flags are ignored", sym.name)
	}
	r.maps = append(r.maps, m)
	r.mapBind[m] = sym.bind
	r.mapAt[place{sec, sym.value}] = m
	return nil
}
