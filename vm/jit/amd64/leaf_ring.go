package amd64

import (
	"github.com/skepbpf/skep/vm/ir"
	"github.com/skepbpf/skep/vm/jit/emit"
)

// maxLeafRecord is the largest sample that a routine copies: larger ones are
// left to Go, so that no routine takes long.
const maxLeafRecord = 4096

// The registers of a routine that reserves a record.
const (
	ringHeader = rdi  // address of the map's header
	ringData   = tmp2 // of the data
	ringAt     = tmp  // position of the record
	ringEnd    = rcx  // position behind it; first its length
	ringSlot   = r8   // address of the record's header; first the reader's position
)

// ringReserve is bpf_ringbuf_reserve of r2 bytes.
func (c *compiler) ringReserve(m *ir.MapLayout) {
	size, flags := regs[2], regs[3]
	none, busy := c.NewLabel(), c.NewLabel()
	c.testRR(true, flags, flags)
	c.jcc(condNE, none)
	c.aluMI(true, cmp, block, ir.BlockRecords, ir.MaxRecords)
	c.jcc(condAE, busy)
	c.reserve(m, size, none, busy)
	// The run holds the record.
	c.load(8, false, rdx, block, ir.BlockRecords)
	c.aluMI(true, add, block, ir.BlockRecords, 1)
	c.shiftRI(true, opShl, rdx, 4)
	c.aluRR(true, add, rdx, block)
	c.lea(rax, ringSlot, 8)
	c.store(8, rdx, ir.BlockRecord+ir.RecordSample, rax)
	c.store(8, rdx, ir.BlockRecord+ir.RecordHeader, ringHeader)
	c.clc()
	c.ret()
	c.Bind(none)
	c.movRI(rax, 0)
	c.ret()
	c.Bind(busy)
	c.movRI(flags, 0)
	c.giveUp()
}

// reserve makes room for a record with size bytes, busy; its header is at
// ringSlot then. It goes to none if there is no room, and to busy if the lock is
// held. It changes r3 to r5.
func (c *compiler) reserve(m *ir.MapLayout, size reg, none, busy emit.Label) {
	const pending = rdx
	again, ready, full, done := c.NewLabel(), c.NewLabel(), c.NewLabel(), c.NewLabel()
	length := int64(m.Mask) + 1
	c.aluRI(true, cmp, size, int32(min(length-8, ir.RingDiscard-1)))
	c.jcc(condA, none)
	c.lea(ringEnd, size, 15)
	c.aluRI(true, and, ringEnd, -8)
	c.movRI(ringData, int64(m.Base))
	c.load(8, false, ringSlot, ringData, ir.RingConsumer)
	c.movRI(rax, 0)
	c.movRI(rdx, 1)
	c.lock0f(false, 0xb1, ringHeader, ir.HeaderLock, rdx)
	c.jcc(condNE, busy)
	c.load(8, false, ringAt, ringData, ir.RingProducer)
	c.load(8, false, pending, ringHeader, ir.HeaderPending)

	c.Bind(again)
	c.aluRR(true, cmp, pending, ringAt)
	c.jcc(condAE, ready)
	c.movRR(false, rax, pending)
	c.aluRI(false, and, rax, int32(m.Mask))
	c.loadIndex(rax, ringData, rax, 0)
	c.testRR(false, rax, rax)
	c.jcc(condS, ready)
	c.aluRI(false, and, rax, ir.RingDiscard-1)
	c.lea(rax, rax, 15)
	c.aluRI(true, and, rax, -8)
	c.aluRR(true, add, pending, rax)
	c.jmp(again)

	c.Bind(ready)
	c.store(8, ringHeader, ir.HeaderPending, pending)
	c.aluRR(true, add, ringEnd, ringAt)
	for _, oldest := range []reg{ringSlot, pending} {
		c.movRR(true, rax, ringEnd)
		c.aluRR(true, sub, rax, oldest)
		c.aluRI(true, cmp, rax, int32(m.Mask))
		c.jcc(condA, full)
	}
	c.aluRI(false, and, ringAt, int32(m.Mask))
	c.movRR(true, ringSlot, ringData)
	c.aluRR(true, add, ringSlot, ringAt)
	c.shiftRI(false, opShr, ringAt, 12)
	c.aluRI(false, add, ringAt, ir.RingPages)
	c.store(4, ringSlot, 4, ringAt)
	c.movRI(rax, ir.RingBusy)
	c.aluRR(false, or, rax, size)
	c.store(4, ringSlot, 0, rax)
	c.store(8, ringData, ir.RingProducer, ringEnd)
	c.storeI(4, ringHeader, ir.HeaderLock, 0)
	c.jmp(done)

	c.Bind(full)
	c.storeI(4, ringHeader, ir.HeaderLock, 0)
	c.jmp(none)
	c.Bind(done)
}

// ringFinish is bpf_ringbuf_submit of the sample r1, or bpf_ringbuf_discard with
// a mark. It is for the record that the run reserved last, if machine code did
// that.
func (c *compiler) ringFinish(mark int32) {
	const header, entry, data, at = rcx, tmp, tmp2, r8
	sample, flags := regs[1], regs[2]
	other, quiet, ended := c.NewLabel(), c.NewLabel(), c.NewLabel()
	c.load(8, false, entry, block, ir.BlockRecords)
	c.testRR(true, entry, entry)
	c.jcc(condE, other)
	c.shiftRI(true, opShl, entry, 4)
	c.aluRR(true, add, entry, block)
	c.cmpRM(8, sample, entry, ir.BlockRecord-ir.RecordSize+ir.RecordSample)
	c.jcc(condNE, other)
	c.aluRI(true, cmp, flags, ir.RingNoWakeup)
	c.jcc(condE, quiet)
	c.jcc(condA, other)

	// Go wakes a reader that waits at this very record, as it is known by now.
	// Else the order is: finish the record, then look where the reader is.
	c.load(8, false, header, entry, ir.BlockRecord-ir.RecordSize+ir.RecordHeader)
	c.load(8, false, data, header, ir.HeaderBase)
	c.lea(at, sample, -8)
	c.aluRR(true, sub, at, data)
	caughtUp := func() {
		c.load(8, false, rax, data, ir.RingConsumer)
		c.aluRM(false, and, rax, header, ir.HeaderMask)
		c.aluRR(false, cmp, rax, at)
	}
	caughtUp()
	c.jcc(condE, other)
	c.ringWord(sample, mark)
	c.aluMI(true, sub, block, ir.BlockRecords, 1)
	c.xchg(false, sample, -8, rdx)
	caughtUp()
	c.jcc(condNE, ended)
	c.movRR(true, sample, header)
	c.movRI(rax, 1)
	c.giveUp()

	c.Bind(quiet)
	c.ringWord(sample, mark)
	c.aluMI(true, sub, block, ir.BlockRecords, 1)
	c.store(4, sample, -8, rdx)
	c.Bind(ended)
	c.movRI(rax, 0)
	c.ret()
	c.Bind(other)
	c.movRI(rax, 0)
	c.giveUp()
}

// ringWord puts the first word of a finished record's header into edx.
func (c *compiler) ringWord(sample reg, mark int32) {
	c.load(4, false, rdx, sample, -8)
	c.aluRI(false, and, rdx, ir.RingBusy-1)
	if mark != 0 {
		c.aluRI(false, or, rdx, mark)
	}
}
