package mem

import "unsafe"

// Copy copies src to dst, which are equally long, 8 bytes at a time where
// both are aligned, so that another CPU never sees half of an aligned 8-byte
// word.
func Copy(dst, src []byte) {
	n := len(dst)
	if n != len(src) {
		panic("BUG: copy between different lengths")
	}
	if n == 0 {
		return
	}
	d, s := unsafe.Pointer(unsafe.SliceData(dst)), unsafe.Pointer(unsafe.SliceData(src))
	if n > 256 || (uintptr(d)|uintptr(s))&7 != 0 {
		copy(dst, src)
		return
	}
	i := 0
	for ; i+8 <= n; i += 8 {
		*(*uint64)(unsafe.Add(d, i)) = *(*uint64)(unsafe.Add(s, i))
	}
	copy(dst[i:], src[i:])
}
