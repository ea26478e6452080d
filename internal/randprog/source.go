package randprog

import "math/rand/v2"

// source is where choices come from: a seeded generator, or bytes that a fuzzer
// mutates. Where bytes are at their end every choice is the first one.
type source struct {
	rnd  *rand.Rand
	data []byte
}

func (s *source) byte() uint32 {
	if s.rnd != nil {
		return s.rnd.Uint32() & 0xff
	}
	if len(s.data) == 0 {
		return 0
	}
	b := s.data[0]
	s.data = s.data[1:]
	return uint32(b)
}

// uint32 takes four bytes.
func (s *source) uint32() uint32 {
	return s.byte() | s.byte()<<8 | s.byte()<<16 | s.byte()<<24
}

// below is a number from 0 to n-1; it takes a byte, or two for a large n.
func (s *source) below(n int) int {
	v := int(s.byte())
	if n > 256 {
		v |= int(s.byte()) << 8
	}
	return v % n
}

// between is a number from lo to hi.
func (s *source) between(lo, hi int) int { return lo + s.below(hi-lo+1) }

// oneIn is true once in n times.
func (s *source) oneIn(n int) bool { return s.below(n) == n-1 }

// pick is one of a list.
func pick[T any](s *source, list ...T) T { return list[s.below(len(list))] }

// edges are the immediates where bounds change their shape.
var edges = [...]int32{
	0, 1, -1, 2, -2, 3, 7, 8, 15, 16, 31, 32, 33, 63, 64, 65, 127, 128, 255, 256, -128, -256, 0x7fff, -0x8000, 0xffff, 0x10000,
	0x7fffffff, -0x80000000, -0x7fffffff, 0x7ffffffe, 0x40000000, 0x55555555, -0x55555556, 0x0f0f0f0f,
}

// imm is an immediate: small, at an edge or anything.
func (s *source) imm() int32 {
	switch s.below(8) {
	case 0, 1, 2:
		return int32(s.below(16))
	case 3:
		return -int32(s.below(16))
	case 4, 5, 6:
		return edges[s.below(len(edges))]
	}
	return int32(s.uint32())
}
