package verifier

import "github.com/skepbpf/skep/abi"

// maxMemory is what kept states may take together, in bytes. The heap stays
// below 512 MB then, with what is not counted and what waits for the collector.
const maxMemory = 288 << 20

// What the parts of a kept state take at most, in bytes. What is copied and
// compared most is held to two cache lines a register, 16 bytes a stack slot.
const (
	stateBytes = 256
	frameBytes = 1280
	slotBytes  = 16
	regBytes   = 128
	histBytes  = 32
)

// hold counts a state that is kept, and refuses programs whose states would
// take all memory. Where Linux keeps a state, it keeps several times as much.
func (v *verifier) hold(s *state) error {
	v.alive++
	v.stats.PeakStates = max(v.stats.PeakStates, v.alive)
	s.bytes = int32(ownBytes(s))
	v.bytes += int(s.bytes)
	v.stats.Memory = max(v.stats.Memory, v.bytes)
	if most := v.opts.MaxMemory; v.bytes > most {
		return v.reject(CodeTooMuchMemory, abi.ENOMEM, "%d states kept for comparison take more than %d MB", v.alive, most>>20)
	}
	return nil
}

// letGo counts a state that is given up.
func (v *verifier) letGo(s *state) {
	v.alive--
	v.bytes -= int(s.bytes)
}

// drop gives up a finished state that is no longer compared with.
//
// Linux 6.18: one in a loop with back-edges that are not settled stays to the
// end, and counts.
func (v *verifier) drop(s *state) {
	v.letGo(s)
	if v.incomplete(s) {
		v.alive++
	}
}

// ownBytes is what s holds alone. Calling frames are shared, and so are the
// saved registers that the state before it has too.
func ownBytes(s *state) int {
	f := s.frame()
	var before []slot
	if p := s.parent; p != nil && p.cur == s.cur {
		before = p.frame().stack
	}
	n := stateBytes + frameBytes + slotBytes*len(f.stack) + histBytes*cap(s.hist)
	for i := range f.stack {
		if r := f.stack[i].r; r != nil && (i >= len(before) || before[i].r != r) {
			n += regBytes
		}
	}
	return n
}
