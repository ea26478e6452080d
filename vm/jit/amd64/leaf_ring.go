package amd64

import (
	"github.com/skepbpf/skep/abi"
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
// held. size is not one of the registers above nor r3; that and rax change.
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
	const entry = tmp
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
	c.jcc(condA, other)
	c.aluMI(true, sub, block, ir.BlockRecords, 1)
	c.load(4, false, rdx, sample, -8)
	c.aluRI(false, and, rdx, ir.RingBusy-1)
	if mark != 0 {
		c.aluRI(false, or, rdx, mark)
	}
	c.testRR(false, flags, flags)
	c.jcc(condNE, quiet)
	c.load(8, false, rcx, entry, ir.BlockRecord-ir.RecordSize+ir.RecordHeader)
	c.load(8, false, tmp2, rcx, ir.HeaderBase)
	c.load(4, false, tmp, rcx, ir.HeaderMask)
	c.lea(r8, sample, -8)
	c.publish(r8, tmp2, tmp)
	c.jcc(condNE, ended)
	c.movRR(true, sample, rcx)
	c.movRI(rax, 1)
	c.giveUp()

	c.Bind(quiet)
	c.store(4, sample, -8, rdx)
	c.Bind(ended)
	c.movRI(rax, 0)
	c.ret()
	c.Bind(other)
	c.movRI(rax, 0)
	c.giveUp()
}

// publish writes edx, the first word of a finished record, to the record's
// header at slot. Then it looks whether the reader has come to this record and
// may wait there, which is so if the result is equal. It changes slot and rax.
func (c *compiler) publish(slot, data, mask reg) {
	// An exchange, so that the reader sees the word or this the reader.
	c.xchg(false, slot, 0, rdx)
	c.load(8, false, rax, data, ir.RingConsumer)
	c.aluRR(false, and, rax, mask)
	c.aluRR(true, sub, slot, data)
	c.aluRR(false, cmp, rax, slot)
}

// ringOutput is bpf_ringbuf_output of the r3 bytes at r2.
func (c *compiler) ringOutput(m *ir.MapLayout) {
	data, size, flags := regs[2], regs[3], regs[4]
	again, none, busy, other, quiet, done := c.NewLabel(), c.NewLabel(), c.NewLabel(), c.NewLabel(), c.NewLabel(), c.NewLabel()
	tail := c.NewLabel()
	c.aluRI(true, cmp, flags, ir.RingNoWakeup)
	c.jcc(condA, other)
	c.aluRI(true, cmp, size, maxLeafRecord)
	c.jcc(condA, other)
	c.push(flags)
	c.push(size)
	c.push(data)
	c.movRR(true, data, size)
	c.reserve(m, data, none, busy)
	c.pop(data)
	c.pop(size)

	// ringEnd counts what is copied, tmp is where to.
	c.lea(tmp, ringSlot, 8)
	c.movRR(true, ringEnd, size)
	c.Bind(again)
	c.aluRI(true, sub, ringEnd, 8)
	c.jcc(condB, tail)
	c.load(8, false, rax, data, 0)
	c.store(8, tmp, 0, rax)
	c.aluRI(true, add, data, 8)
	c.aluRI(true, add, tmp, 8)
	c.jmp(again)
	c.Bind(tail)
	c.aluRI(true, add, ringEnd, 8)
	for _, n := range []int{4, 2, 1} {
		over := c.NewLabel()
		c.testRI8(ringEnd, int8(n))
		c.jcc(condE, over)
		c.load(n, false, rax, data, 0)
		c.store(n, tmp, 0, rax)
		if n > 1 {
			c.aluRI(true, add, data, int32(n))
			c.aluRI(true, add, tmp, int32(n))
		}
		c.Bind(over)
	}
	c.pop(flags)
	c.testRR(true, flags, flags)
	c.jcc(condNE, quiet)
	c.movRI(tmp, int64(m.Mask))
	c.publish(ringSlot, ringData, tmp)
	c.jcc(condNE, done)
	c.movRI(rax, 1)
	c.giveUp()
	c.Bind(quiet)
	c.store(4, ringSlot, 0, rdx)
	c.Bind(done)
	c.movRI(rax, 0)
	c.ret()

	c.Bind(none)
	c.aluRI(true, add, rsp, 24)
	c.movRI(rax, -int64(abi.EAGAIN))
	c.clc()
	c.ret()
	c.Bind(busy)
	c.pop(data)
	c.pop(size)
	c.pop(flags)
	c.Bind(other)
	c.movRI(rax, 0)
	c.giveUp()
}
