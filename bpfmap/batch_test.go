package bpfmap

import (
	"bytes"
	"testing"

	"github.com/skepbpf/skep/abi"
)

func TestBatchesGiveEachElementOnce(t *testing.T) {
	t.Parallel()
	forEachKind(t, 400, func(t *testing.T, k kind, m Map) {
		const n = 90
		value := ValueLen(m)
		var ks, vs []byte
		for i := range n {
			ks = append(ks, k.key(i)...)
			vs = append(vs, k.value(m, i+1)...)
		}
		done, e := UpdateBatch(m, ks, vs, n, 0)
		want(t, "update", e, 0)
		if done != n {
			t.Fatalf("%d updates, want %d", done, n)
		}
		var c Cursor
		seen := map[string]bool{}
		keysOut, valuesOut := make([]byte, 16*k.def.KeySize), make([]byte, 16*value)
		for e = 0; e == 0; {
			var got int
			got, e = LookupBatch(m, &c, keysOut, valuesOut, 16, 0)
			for i := range got {
				key := keysOut[i*int(k.def.KeySize):][:k.def.KeySize]
				if seen[string(key)] {
					t.Fatalf("key %x comes twice", key)
				}
				seen[string(key)] = true
				v := make([]byte, value)
				want(t, "lookup", Lookup(m, key, v, 0), 0)
				if !bytes.Equal(v, valuesOut[i*value:][:value]) {
					t.Fatalf("key %x comes with another value", key)
				}
			}
		}
		want(t, "the end", e, abi.ENOENT)
		expect := n
		if k.array() {
			expect = 400
		}
		if len(seen) != expect {
			t.Fatalf("%d keys, want %d", len(seen), expect)
		}
		_, e = DeleteBatch(m, ks[:10*k.def.KeySize], 10)
		if k.array() {
			want(t, "delete in an array", e, abi.ENOTSUPP)
			return
		}
		want(t, "delete", e, 0)
		if _, e = DeleteBatch(m, ks[9*k.def.KeySize:][:2*k.def.KeySize], 2); e != abi.ENOENT {
			t.Fatalf("delete of what is gone: %s", errnoText(e))
		}
		var c2 Cursor
		all := n - 10
		keysOut, valuesOut = make([]byte, n*k.def.KeySize), make([]byte, n*value)
		done, e = LookupDeleteBatch(m, &c2, keysOut, valuesOut, n, 0)
		if k.def.Type == abi.LPMTrie {
			want(t, "lookup and delete in a trie", e, abi.ENOTSUPP)
			return
		}
		want(t, "lookup and delete", e, abi.ENOENT)
		if done != all {
			t.Fatalf("%d elements taken out, want %d", done, all)
		}
		if e := NextKey(m, nil, make([]byte, k.def.KeySize)); e != abi.ENOENT {
			t.Fatal("elements are left")
		}
	})
}

func TestBatchTooSmallForABucket(t *testing.T) {
	t.Parallel()
	k := keyedKinds(2)[3] // a hash of two buckets
	m := mustNew(t, newTable(t), k.def)
	// Fill until both elements are in one bucket.
	for i := 0; ; i++ {
		Delete(m, k.key(i))
		Delete(m, k.key(i+1))
		h := m.(*hash)
		if a, b := hashKey(h.s, k.key(i+1)), hashKey(h.s, k.key(i+2)); a&h.mask == b&h.mask {
			want(t, "update", Update(m, k.key(i+1), k.value(m, 1), 0), 0)
			want(t, "update", Update(m, k.key(i+2), k.value(m, 2), 0), 0)
			break
		}
	}
	var c Cursor
	n, e := LookupBatch(m, &c, make([]byte, 4), make([]byte, 8), 1, 0)
	if n != 0 || e != abi.ENOSPC {
		t.Errorf("%d elements, %s", n, errnoText(e))
	}
	n, e = LookupBatch(m, &c, make([]byte, 8), make([]byte, 16), 2, 0)
	if n != 2 || e != abi.ENOENT {
		t.Errorf("%d elements, %s", n, errnoText(e))
	}
}
