//go:build linux && (amd64 || arm64)

package bpfmap

import (
	"bytes"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/image"
)

func TestBatchesAgreeWithTheKernel(t *testing.T) {
	t.Parallel()
	needKernel(t)
	kinds := append(keyedKinds(40),
		kind{"queue", image.Map{Type: abi.Queue, ValueSize: 8, MaxEntries: 4}},
		kind{"program array", image.Map{Type: abi.ProgArray, KeySize: 4, ValueSize: 4, MaxEntries: 4}})
	for _, k := range kinds {
		if k.lru() {
			k.def.MaxEntries = 4096
		}
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			p := newPair(t, k.def)
			fd, size, value := p.kernel.fd, int(k.def.KeySize), ValueLen(p.ours)
			same := func(what string, n1 int, e1 abi.Errno, n2 int, e2 abi.Errno) {
				t.Helper()
				if e1 != e2 || n1 != n2 {
					t.Fatalf("%s: %d elements, %s here; %d, %s in the kernel", what, n1, errnoText(e1), n2, errnoText(e2))
				}
			}
			batchable := k.def.KeySize > 0 && k.def.Type != abi.ProgArray
			var ks, vs []byte
			const n = 44
			for i := range n {
				if batchable {
					ks, vs = append(ks, k.key(i)...), append(vs, k.value(p.ours, i)...)
				} else {
					ks, vs = append(ks, make([]byte, size)...), append(vs, make([]byte, value)...)
				}
			}
			n1, e1 := UpdateBatch(p.ours, ks, vs, n, 0)
			n2, e2 := bpfBatch(unix.BPF_MAP_UPDATE_BATCH, fd, nil, nil, ks, vs, n)
			if !batchable {
				// The kernel leaves the count of a command that it has not got.
				same("update", n1, e1, 0, e2)
			} else {
				same("update", n1, e1, n2, e2)
			}

			ordered := k.array() || k.def.Type == abi.LPMTrie
			step := 16
			if !ordered {
				step = n
			}
			var c Cursor
			in, out := []byte(nil), make([]byte, max(size, 4))
			for range 10 {
				k1, v1 := make([]byte, step*size), make([]byte, step*value)
				k2, v2 := make([]byte, step*size), make([]byte, step*value)
				n1, e1 := LookupBatch(p.ours, &c, k1, v1, step, 0)
				n2, e2 := bpfBatch(unix.BPF_MAP_LOOKUP_BATCH, fd, in, out, k2, v2, step)
				if !batchable {
					n2 = 0
				}
				same("lookup", n1, e1, n2, e2)
				if ordered && (!bytes.Equal(k1, k2) || !bytes.Equal(v1, v2)) {
					t.Fatalf("lookup: keys %x here, %x in the kernel", k1, k2)
				}
				if e1 != 0 {
					break
				}
				in = bytes.Clone(out)
			}
			gone := append(bytes.Clone(ks[:3*size]), ks[size:2*size]...)
			n1, e1 = DeleteBatch(p.ours, gone, 4)
			n2, e2 = bpfBatch(unix.BPF_MAP_DELETE_BATCH, fd, nil, nil, gone, nil, 4)
			if e1 == abi.ENOTSUPP {
				n2 = 0
			}
			same("delete", n1, e1, n2, e2)

			k1, v1 := make([]byte, n*size), make([]byte, n*value)
			n1, e1 = LookupDeleteBatch(p.ours, new(Cursor), k1, v1, n, 0)
			n2, e2 = bpfBatch(unix.BPF_MAP_LOOKUP_AND_DELETE_BATCH, fd, nil, out, k1, v1, n)
			if e1 == abi.ENOTSUPP {
				n2 = 0
			}
			same("lookup and delete", n1, e1, n2, e2)
		})
	}
}
