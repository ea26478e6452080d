//go:build !linux

package host

import (
	"os"
	"path/filepath"
	"time"
)

// startOfTime makes the portable clocks count from a fixed day, as there is
// no time of boot to count from.
var startOfTime = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)

// taiOffset is TAI minus UTC, in seconds, since 2017.
const taiOffset = 37

func (c *clocks) start() {
	c.origin = time.Now()
	c.mono = uint64(c.origin.Sub(startOfTime))
	c.tick = uint64(4 * time.Millisecond)
}

func (c *clocks) now(which Clock) uint64 {
	ns := c.mono + c.since()
	switch which {
	case TAI:
		return uint64(time.Now().UnixNano()) + taiOffset*uint64(time.Second)
	case Coarse:
		ns -= ns % c.tick
	}
	return ns
}

func threadID(tgid uint32) uint32 { return tgid }

func currentTask() Task {
	// Systems without user ids say -1.
	id := func(n int) uint32 { return uint32(max(n, 0)) }
	t := Task{TGID: uint32(os.Getpid()), UID: id(os.Getuid()), GID: id(os.Getgid())}
	if len(os.Args) > 0 {
		t.Comm = comm(filepath.Base(os.Args[0]))
	}
	return t
}
