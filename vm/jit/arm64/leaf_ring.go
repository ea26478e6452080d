package arm64

import (
	"github.com/skepbpf/skep/vm/ir"
	"github.com/skepbpf/skep/vm/jit/emit"
)

// The registers of a routine that reserves a record.
const (
	ringEnd     = x6 // position behind it; first its length
	ringData    = x7 // address of the data
	ringSlot    = x8 // address of the record's header; first the reader's position
	ringAt      = x9 // position of the record
	ringPending = x10
	ringTmp     = x11
)

// ringReserve is bpf_ringbuf_reserve of r2 bytes.
func (c *compiler) ringReserve(m *ir.MapLayout) {
	header, size, flags, r0 := regs[1], regs[2], regs[3], regs[0]
	none, busy := c.NewLabel(), c.NewLabel()
	c.cbz(true, true, flags, none)
	c.memScaled(accLoad, 8, ringTmp, block, ir.BlockRecords)
	c.cmpRI(true, ringTmp, ir.MaxRecords)
	c.bcond(condHS, busy)
	c.reserve(m, header, size, none, busy)
	// The run holds the record.
	c.memScaled(accLoad, 8, ringTmp, block, ir.BlockRecords)
	c.arithRI(true, add, tmp, ringTmp, 1)
	c.memScaled(accStore, 8, tmp, block, ir.BlockRecords)
	c.element(ringTmp, block, ringTmp, ir.RecordSize)
	c.arithRI(true, add, r0, ringSlot, 8)
	c.pair(stp, r0, header, ringTmp, ir.BlockRecord)
	c.leafDone()
	c.Bind(none)
	c.movRI(r0, 0)
	c.leafDone()
	c.Bind(busy)
	c.giveUp()
}

// The routine stores both words of a record's row at once.
var _ = [1]struct{}{}[ir.RecordSample|ir.RecordHeader-8]

// reserve makes room for a record with size bytes, busy; its header is at
// ringSlot then. It goes to none if there is no room, and to busy if the lock is
// held.
func (c *compiler) reserve(m *ir.MapLayout, header, size reg, none, busy emit.Label) {
	again, ready, full, done := c.NewLabel(), c.NewLabel(), c.NewLabel(), c.NewLabel()
	length := int64(m.Mask) + 1
	c.compareRI(true, size, min(length-8, ir.RingDiscard-1))
	c.bcond(condHI, none)
	c.arithRI(true, add, ringEnd, size, 15)
	c.bitwiseRI(true, and, ringEnd, ringEnd, -8)
	c.movRI(ringData, int64(m.Base))
	// What the reader has left is written to after that.
	c.arithRI(true, add, tmp, ringData, ir.RingConsumer)
	c.ldar(8, ringSlot, tmp)
	c.tryLock(header, ir.HeaderLock, busy)
	c.load(8, false, ringAt, ringData, ir.RingProducer)
	c.memScaled(accLoad, 8, ringPending, header, ir.HeaderPending)

	c.Bind(again)
	c.cmpRR(true, ringPending, ringAt)
	c.bcond(condHS, ready)
	c.bitwiseRI(false, and, ringTmp, ringPending, int64(m.Mask))
	c.arithRR(true, add, ringTmp, ringData, ringTmp)
	c.ldar(4, ringTmp, ringTmp)
	c.tbz(true, ringTmp, 31, ready)
	c.bitwiseRI(false, and, ringTmp, ringTmp, ir.RingDiscard-1)
	c.arithRI(true, add, ringTmp, ringTmp, 15)
	c.bitwiseRI(true, and, ringTmp, ringTmp, -8)
	c.arithRR(true, add, ringPending, ringPending, ringTmp)
	c.b(again)

	c.Bind(ready)
	c.memScaled(accStore, 8, ringPending, header, ir.HeaderPending)
	c.arithRR(true, add, ringEnd, ringEnd, ringAt)
	for _, oldest := range []reg{ringSlot, ringPending} {
		c.arithRR(true, sub, ringTmp, ringEnd, oldest)
		c.compareRI(true, ringTmp, int64(m.Mask))
		c.bcond(condHI, full)
	}
	c.bitwiseRI(false, and, ringAt, ringAt, int64(m.Mask))
	c.arithRR(true, add, ringSlot, ringData, ringAt)
	c.lsrRI(false, ringAt, ringAt, 12)
	c.arithRI(false, add, ringAt, ringAt, ir.RingPages)
	c.memScaled(accStore, 4, ringAt, ringSlot, 4)
	c.bitwiseRI(false, orr, ringTmp, size, ir.RingBusy)
	c.memScaled(accStore, 4, ringTmp, ringSlot, 0)
	c.arithRI(true, add, tmp, ringData, ir.RingProducer)
	c.stlr(8, ringEnd, tmp)
	c.unlock(header, ir.HeaderLock)
	c.b(done)

	c.Bind(full)
	c.unlock(header, ir.HeaderLock)
	c.b(none)
	c.Bind(done)
}

// tryLock takes the lock word at base + off, or goes to busy if it is held.
func (c *compiler) tryLock(base reg, off int64, busy emit.Label) {
	c.arithRI(true, add, tmp, base, off)
	c.movRI(tmp3, 1)
	if c.opts.Features&HasLSE != 0 {
		c.movRI(tmp2, 0)
		c.casal(4, tmp2, tmp3, tmp)
		c.cbz(false, true, tmp2, busy)
		return
	}
	again := c.NewLabel()
	c.Bind(again)
	c.ldaxr(4, tmp2, tmp)
	c.cbz(false, true, tmp2, busy)
	c.stlxr(4, status, tmp3, tmp)
	c.cbz(false, true, status, again)
}

// unlock gives back what tryLock took.
func (c *compiler) unlock(base reg, off int64) {
	c.arithRI(true, add, tmp, base, off)
	c.stlr(4, zr, tmp)
}

// ringFinish is bpf_ringbuf_submit of the sample r1, or bpf_ringbuf_discard with
// a mark. It is for the record that the run reserved last, if machine code did
// that.
func (c *compiler) ringFinish(mark int64) {
	const header, entry, data, at, word, t = x6, x7, x8, x9, x10, x11
	const row = ir.BlockRecord - ir.RecordSize // of the last record, beside entry
	sample, flags, r0 := regs[1], regs[2], regs[0]
	other, quiet, ended := c.NewLabel(), c.NewLabel(), c.NewLabel()
	c.memScaled(accLoad, 8, t, block, ir.BlockRecords)
	c.cbz(true, false, t, other)
	c.element(entry, block, t, ir.RecordSize)
	c.memScaled(accLoad, 8, tmp, entry, row+ir.RecordSample)
	c.cmpRR(true, sample, tmp)
	c.bcond(condNE, other)
	c.cmpRI(true, flags, ir.RingNoWakeup)
	c.bcond(condEQ, quiet)
	c.bcond(condHI, other)

	// finished is the first word of the record's header, and there is one record
	// less.
	finished := func() {
		c.memUnscaled(accLoad, 4, word, sample, -8)
		c.bitwiseRI(false, and, word, word, ir.RingBusy-1)
		if mark != 0 {
			c.bitwiseRI(false, orr, word, word, mark)
		}
		c.arithRI(true, sub, t, t, 1)
		c.memScaled(accStore, 8, t, block, ir.BlockRecords)
		c.arithRI(true, sub, tmp, sample, 8)
	}
	// Go wakes a reader that waits at this very record, as it is known by now.
	// Else the order is: finish the record, then look where the reader is.
	c.memScaled(accLoad, 8, header, entry, row+ir.RecordHeader)
	c.memScaled(accLoad, 8, data, header, ir.HeaderBase)
	c.arithRI(true, sub, at, sample, 8)
	c.arithRR(true, sub, at, at, data)
	caughtUp := func() {
		c.arithRI(true, add, tmp, data, ir.RingConsumer)
		c.ldar(8, tmp, tmp)
		c.memScaled(accLoad, 4, tmp2, header, ir.HeaderMask)
		c.logicRR(false, and, tmp, tmp, tmp2)
		c.cmpRR(false, tmp, at)
	}
	caughtUp()
	c.bcond(condEQ, other)
	finished()
	c.stlr(4, word, tmp)
	caughtUp()
	c.bcond(condNE, ended)
	c.movRR(true, sample, header)
	c.movRI(r0, 1)
	c.giveUp()

	c.Bind(quiet)
	finished()
	c.stlr(4, word, tmp)
	c.Bind(ended)
	c.movRI(r0, 0)
	c.leafDone()
	c.Bind(other)
	c.movRI(r0, 0)
	c.giveUp()
}
