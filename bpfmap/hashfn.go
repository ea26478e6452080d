package bpfmap

import (
	"encoding/binary"
	"math/bits"

	"github.com/skepbpf/skep/internal/mem"
)

// HashK is the constant of the hash function, which is of the wyhash family:
// multiply 64 by 64 bits and fold
// the halves. Short enough to be inlined by a code generator for the usual
// key sizes:
//
//	s    = seed of the map, in the header, with the key size mixed in
//	mum(a, b) = high half of a*b xor its low half
//
//	each 16 bytes (lo, hi)     s = mum(lo ^ K, hi ^ s)
//	a tail of 9 to 15 bytes    s = mum(first 8 ^ K, last 8 ^ s)
//	of 1 to 8                  s = mum(word ^ K, s)
//	hash                       low half of mum(s, K)
//
// The word of a short tail is: 8 bytes; 5 to 7: the first 4 and, above them,
// the last 4; 4 bytes; below 4: first, middle and last byte, in this order
// upwards. Words are in native order.
const HashK = 0x9e3779b97f4a7c15

func mum(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

func fold(s uint64) uint32 { return uint32(mum(s, HashK)) }

// hashSeed mixes the key size into a seed, so that no bit pattern of the seed
// is a weak one.
func hashSeed(seed uint64, keySize uint32) uint64 {
	s := seed + HashK*(uint64(keySize)+1)
	s = (s ^ s>>30) * 0xbf58476d1ce4e5b9
	s = (s ^ s>>27) * 0x94d049bb133111eb
	return s ^ s>>31 | 1
}

// hashKey is the hash of a key.
func hashKey(s uint64, key []byte) uint32 {
	switch len(key) {
	case 4:
		return fold(mum(uint64(binary.NativeEndian.Uint32(key))^HashK, s))
	case 8:
		return fold(mum(binary.NativeEndian.Uint64(key)^HashK, s))
	}
	for len(key) >= 16 {
		s = mum(binary.NativeEndian.Uint64(key)^HashK, binary.NativeEndian.Uint64(key[8:])^s)
		key = key[16:]
	}
	n := len(key)
	switch {
	case n > 8:
		s = mum(binary.NativeEndian.Uint64(key)^HashK, binary.NativeEndian.Uint64(key[n-8:])^s)
	case n == 8:
		s = mum(binary.NativeEndian.Uint64(key)^HashK, s)
	case n > 4:
		lo, hi := binary.NativeEndian.Uint32(key), binary.NativeEndian.Uint32(key[n-4:])
		s = mum((uint64(lo)|uint64(hi)<<32)^HashK, s)
	case n == 4:
		s = mum(uint64(binary.NativeEndian.Uint32(key))^HashK, s)
	case n > 0:
		s = mum((uint64(key[0])|uint64(key[n/2])<<8|uint64(key[n-1])<<16)^HashK, s)
	}
	return fold(s)
}

// sameKey compares a key with the one at p, which is aligned to 8.
func sameKey(p mem.Addr, key []byte) bool {
	switch len(key) {
	case 4:
		return *p.U32() == binary.NativeEndian.Uint32(key)
	case 8:
		return *p.U64() == binary.NativeEndian.Uint64(key)
	case 16:
		return *p.U64() == binary.NativeEndian.Uint64(key) && *(p + 8).U64() == binary.NativeEndian.Uint64(key[8:])
	}
	return string(p.Bytes(len(key))) == string(key)
}
