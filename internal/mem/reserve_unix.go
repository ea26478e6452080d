//go:build darwin || linux || netbsd || openbsd

package mem

import "golang.org/x/sys/unix"

// mapNoReserve keeps large sparse mappings from being charged in full.
const mapNoReserve = unix.MAP_NORESERVE
