package bpfmap

import (
	"bytes"
	"testing"

	"github.com/skepbpf/skep/abi"
)

// FuzzKeyedMaps reads bytes as operations on a small map and on the model.
func FuzzKeyedMaps(f *testing.F) {
	f.Add(uint8(3), []byte{0, 1, 0, 2, 8, 1, 16, 1, 0, 9, 24, 1})
	f.Add(uint8(14), []byte("replace, delete and look up some prefixes"))
	f.Add(uint8(8), bytes.Repeat([]byte{0, 1, 2, 3, 8, 5, 16}, 20))
	f.Fuzz(func(t *testing.T, which uint8, ops []byte) {
		kinds := keyedKinds(6)
		k := kinds[int(which)%len(kinds)]
		if k.array() || k.lru() {
			return
		}
		m := mustNew(t, newTable(t), k.def)
		ref := &model{map[string][]byte{}, 6, abi.E2BIG}
		if k.def.Type == abi.LPMTrie {
			ref.full = abi.ENOSPC
		}
		for i := 0; i+1 < len(ops); i += 2 {
			key := k.key(int(ops[i+1] % 9))
			switch ops[i] >> 3 % 4 {
			case 0, 1:
				flags, v := abi.UpdateFlags(ops[i]&3), k.value(m, i)
				want(t, "update", Update(m, key, v, flags), ref.update(key, v, flags))
			case 2:
				want(t, "delete", Delete(m, key), ref.delete(key))
			case 3:
				got := make([]byte, ValueLen(m))
				e := Lookup(m, key, got, 0)
				if v, ok := ref.elems[string(key)]; ok != (e == 0) || ok && !bytes.Equal(got, v) {
					t.Fatalf("lookup %x: %s %x, want %x", key, errnoText(e), got, v)
				}
			}
		}
		if n := len(keys(t, func(p, n []byte) abi.Errno { return NextKey(m, p, n) }, k.def.KeySize)); n != len(ref.elems) {
			t.Fatalf("%d keys, want %d", n, len(ref.elems))
		}
	})
}
