package helper

import (
	"encoding/binary"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/internal/mem"
	"github.com/skepbpf/skep/vm"
)

var csumRows = []row{
	{abi.CsumDiff, csumDiff},
}

// csumDiff is bpf_csum_diff: the 16-bit one's complement sum of seed and to,
// less from. Linux 6.18: the result is folded, and sizes need not be multiples
// of 4, as they had to be once.
func csumDiff(_ *vm.Context, from, fromSize, to, toSize, seed uint64) uint64 {
	nf, nt := uint32(fromSize), uint32(toSize)
	sum := uint64(uint32(seed))
	switch {
	case nf > 0 && nt > 0:
		sum = ones(mem.Addr(to).Bytes(int(nt)), sum) + uint64(^fold32(ones(mem.Addr(from).Bytes(int(nf)), 0)))
	case nt > 0:
		sum = ones(mem.Addr(to).Bytes(int(nt)), sum)
	case nf > 0:
		sum = uint64(^fold32(ones(mem.Addr(from).Bytes(int(nf)), uint64(^uint32(seed)))))
	}
	return uint64(fold16(fold32(sum)))
}

// ones adds the 4-byte words of b to sum, without folding; the last one may be
// short.
func ones(b []byte, sum uint64) uint64 {
	for ; len(b) >= 4; b = b[4:] {
		sum += uint64(binary.NativeEndian.Uint32(b))
	}
	var rest [4]byte
	copy(rest[:], b)
	return sum + uint64(binary.NativeEndian.Uint32(rest[:]))
}

// fold32 brings a sum to 32 bits with end-around carry.
func fold32(sum uint64) uint32 {
	sum = sum>>32 + sum&0xffff_ffff
	sum = sum>>32 + sum&0xffff_ffff
	return uint32(sum)
}

// fold16 brings a sum to 16 bits with end-around carry.
func fold16(sum uint32) uint16 {
	sum = sum>>16 + sum&0xffff
	sum = sum>>16 + sum&0xffff
	return uint16(sum)
}
