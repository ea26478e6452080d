package vm

import (
	"testing"
	"unsafe"

	"github.com/skepbpf/skep/vm/ir"
)

func TestBlockIsLaidOutAsGeneratedCodeExpects(t *testing.T) {
	t.Parallel()
	var b Block
	for _, f := range []struct {
		name        string
		here, there uintptr
	}{
		{"CPU", unsafe.Offsetof(b.CPU), ir.BlockCPU}, {"Fuel", unsafe.Offsetof(b.Fuel), ir.BlockFuel},
		{"SP", unsafe.Offsetof(b.SP), ir.BlockSP}, {"StackLimit", unsafe.Offsetof(b.StackLimit), ir.BlockStackLimit},
		{"TailCalls", unsafe.Offsetof(b.TailCalls), ir.BlockTailCalls}, {"Saved", unsafe.Offsetof(b.Saved), ir.BlockSaved},
		{"Engine", unsafe.Offsetof(b.Engine), ir.BlockEngine}, {"Clock", unsafe.Offsetof(b.Clock), ir.BlockClock},
		{"Records", unsafe.Offsetof(b.Records), ir.BlockRecords},
		{"Record", unsafe.Offsetof(b.Record), ir.BlockRecord}, {"Sample", unsafe.Offsetof(b.Record[0].Sample), ir.RecordSample},
		{"Header", unsafe.Offsetof(b.Record[0].Header), ir.RecordHeader}, {"the next record", unsafe.Sizeof(b.Record[0]), ir.RecordSize},
		{"Scratch", unsafe.Offsetof(b.Scratch), ir.BlockScratch}, {"the end", unsafe.Sizeof(b), ir.BlockSize},
	} {
		if f.here != f.there {
			t.Errorf("%s is at %d, package ir says %d", f.name, f.here, f.there)
		}
	}
}
