package arm64

import (
	"github.com/skepbpf/skep/abi"
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
	const entry, header, count = x9, x10, x12
	const row = ir.BlockRecord - ir.RecordSize // of the last record, beside entry
	sample, flags, r0 := regs[1], regs[2], regs[0]
	other, quiet, ended := c.NewLabel(), c.NewLabel(), c.NewLabel()
	c.memScaled(accLoad, 8, count, block, ir.BlockRecords)
	c.cbz(true, false, count, other)
	c.element(entry, block, count, ir.RecordSize)
	c.memScaled(accLoad, 8, tmp, entry, row+ir.RecordSample)
	c.cmpRR(true, sample, tmp)
	c.bcond(condNE, other)
	c.cmpRI(true, flags, ir.RingNoWakeup)
	c.bcond(condHI, other)
	c.arithRI(true, sub, count, count, 1)
	c.memScaled(accStore, 8, count, block, ir.BlockRecords)
	c.arithRI(true, sub, ringSlot, sample, 8)
	c.memScaled(accLoad, 4, ringTmp, ringSlot, 0)
	c.bitwiseRI(false, and, ringTmp, ringTmp, ir.RingBusy-1)
	if mark != 0 {
		c.bitwiseRI(false, orr, ringTmp, ringTmp, mark)
	}
	c.cbz(true, true, flags, quiet)
	c.memScaled(accLoad, 8, header, entry, row+ir.RecordHeader)
	c.memScaled(accLoad, 8, ringData, header, ir.HeaderBase)
	c.memScaled(accLoad, 4, tmp2, header, ir.HeaderMask)
	c.publish()
	c.bcond(condNE, ended)
	c.movRR(true, sample, header)
	c.movRI(r0, 1)
	c.giveUp()

	c.Bind(quiet)
	c.stlr(4, ringTmp, ringSlot)
	c.Bind(ended)
	c.movRI(r0, 0)
	c.leafDone()
	c.Bind(other)
	c.movRI(r0, 0)
	c.giveUp()
}

// publish writes ringTmp, the first word of a finished record, to the record's
// header at ringSlot. Then it looks whether the reader has come to this record
// and may wait there, which is so if the result is equal. tmp2 is the mask. The
// release before the acquire has the reader see the word or this the reader.
func (c *compiler) publish() {
	c.stlr(4, ringTmp, ringSlot)
	c.arithRI(true, add, tmp, ringData, ir.RingConsumer)
	c.ldar(8, tmp, tmp)
	c.logicRR(false, and, tmp, tmp, tmp2)
	c.arithRR(true, sub, ringSlot, ringSlot, ringData)
	c.cmpRR(false, tmp, ringSlot)
}

// maxLeafRecord is the largest sample that a routine copies: larger ones are
// left to Go, so that no routine takes long.
const maxLeafRecord = 4096

// ringOutput is bpf_ringbuf_output of the r3 bytes at r2.
func (c *compiler) ringOutput(m *ir.MapLayout) {
	const to, at, value = x9, x10, x12
	header, data, size, flags, r0 := regs[1], regs[2], regs[3], regs[4], regs[0]
	again, tail, none, other, quiet, done := c.NewLabel(), c.NewLabel(), c.NewLabel(), c.NewLabel(), c.NewLabel(), c.NewLabel()
	c.cmpRI(true, flags, ir.RingNoWakeup)
	c.bcond(condHI, other)
	c.cmpRI(true, size, maxLeafRecord)
	c.bcond(condHI, other)
	c.reserve(m, header, size, none, other)

	c.arithRI(true, add, to, ringSlot, 8)
	c.movRI(at, 0)
	c.bitwiseRI(true, and, ringEnd, size, -8)
	c.Bind(again)
	c.cmpRR(true, at, ringEnd)
	c.bcond(condHS, tail)
	c.memIndexed(accLoad, 8, value, data, at, false)
	c.memIndexed(accStore, 8, value, to, at, false)
	c.arithRI(true, add, at, at, 8)
	c.b(again)
	c.Bind(tail)
	for _, n := range []uint8{2, 1, 0} {
		over := c.NewLabel()
		c.tbz(false, size, n, over)
		c.memIndexed(accLoad, 1<<n, value, data, at, false)
		c.memIndexed(accStore, 1<<n, value, to, at, false)
		c.arithRI(true, add, at, at, 1<<n)
		c.Bind(over)
	}
	c.movRR(false, ringTmp, size) // without the mark of a busy record
	c.cbz(true, true, flags, quiet)
	c.movRI(tmp2, int64(m.Mask))
	c.publish()
	c.bcond(condNE, done)
	c.movRI(r0, 1) // r1 is the header
	c.giveUp()
	c.Bind(quiet)
	c.stlr(4, ringTmp, ringSlot)
	c.Bind(done)
	c.movRI(r0, 0)
	c.leafDone()

	c.Bind(none)
	c.movRI(r0, -int64(abi.EAGAIN))
	c.leafDone()
	c.Bind(other)
	c.movRI(r0, 0)
	c.giveUp()
}
