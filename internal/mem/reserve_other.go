//go:build unix && !(darwin || linux || netbsd || openbsd)

package mem

const mapNoReserve = 0
