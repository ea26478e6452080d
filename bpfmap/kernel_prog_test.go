//go:build linux && (amd64 || arm64)

package bpfmap

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"runtime"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"golang.org/x/sys/unix"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/internal/mem"
)

// The tests in this file hold what programs do to maps against the kernel:
// the same calls, in a program there and by hand here.

// progOp is one call of a map helper: keys of 4 bytes, values of 8.
type progOp struct {
	helper asm.BuiltinFunc
	key    uint32
	value  uint64
	flags  abi.UpdateFlags
}

// onKernel runs the calls in a socket filter and is what each returned; of
// lookups and pops, the value, or 0 without one.
func onKernel(t *testing.T, m *ebpf.Map, ops []progOp) []uint64 {
	t.Helper()
	results, err := ebpf.NewMap(&ebpf.MapSpec{Type: ebpf.Array, KeySize: 4, ValueSize: uint32(8 * len(ops)), MaxEntries: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer results.Close()
	insns := asm.Instructions{asm.LoadMapValue(asm.R6, results.FD(), 0)}
	for i, op := range ops {
		done := fmt.Sprintf("done%d", i)
		insns = append(insns,
			asm.StoreImm(asm.RFP, -8, int64(op.key), asm.Word),
			asm.LoadImm(asm.R1, int64(op.value), asm.DWord),
			asm.StoreMem(asm.RFP, -16, asm.R1, asm.DWord),
			asm.LoadMapPtr(asm.R1, m.FD()),
			asm.Mov.Reg(asm.R2, asm.RFP),
		)
		switch op.helper {
		case asm.FnMapUpdateElem:
			insns = append(insns, asm.Add.Imm(asm.R2, -8), asm.Mov.Reg(asm.R3, asm.RFP), asm.Add.Imm(asm.R3, -16),
				asm.LoadImm(asm.R4, int64(op.flags), asm.DWord), op.helper.Call())
		case asm.FnMapDeleteElem:
			insns = append(insns, asm.Add.Imm(asm.R2, -8), op.helper.Call())
		case asm.FnMapLookupElem:
			insns = append(insns, asm.Add.Imm(asm.R2, -8), op.helper.Call(),
				asm.JEq.Imm(asm.R0, 0, done), asm.LoadMem(asm.R0, asm.R0, 0, asm.DWord))
		case asm.FnMapPushElem:
			insns = append(insns, asm.Add.Imm(asm.R2, -16), asm.LoadImm(asm.R3, int64(op.flags), asm.DWord), op.helper.Call())
		default:
			insns = append(insns, asm.Add.Imm(asm.R2, -16), op.helper.Call(),
				asm.JNE.Imm(asm.R0, 0, done), asm.LoadMem(asm.R0, asm.RFP, -16, asm.DWord))
		}
		insns = append(insns, asm.StoreMem(asm.R6, int16(8*i), asm.R0, asm.DWord).WithSymbol(done))
	}
	insns = append(insns, asm.Mov.Imm(asm.R0, 0), asm.Return())
	runFilter(t, insns)
	out := make([]byte, 8*len(ops))
	if err := results.Lookup(uint32(0), out); err != nil {
		t.Fatal(err)
	}
	words := make([]uint64, len(ops))
	for i := range words {
		words[i] = binary.NativeEndian.Uint64(out[8*i:])
	}
	return words
}

// runFilter loads a socket filter and runs it once.
func runFilter(t *testing.T, insns asm.Instructions) {
	t.Helper()
	p, err := ebpf.NewProgram(&ebpf.ProgramSpec{Type: ebpf.SocketFilter, Instructions: insns, License: "GPL"})
	if err != nil {
		t.Fatalf("%+v", err)
	}
	defer p.Close()
	if _, err := p.Run(&ebpf.RunOptions{Data: make([]byte, 64)}); err != nil {
		t.Skipf("the kernel runs no test packets: %v", err)
	}
}

// here does the calls by hand, on a CPU.
func here(m Map, cpu int, ops []progOp) []uint64 {
	var out []uint64
	for _, op := range ops {
		key := binary.NativeEndian.AppendUint32(nil, op.key)
		value := binary.NativeEndian.AppendUint64(nil, op.value)
		var r uint64
		switch op.helper {
		case asm.FnMapUpdateElem:
			r = m.(Updater).Update(cpu, key, value, op.flags).R0()
		case asm.FnMapDeleteElem:
			r = m.(Updater).Delete(cpu, key).R0()
		case asm.FnMapLookupElem:
			if p := m.(Lookuper).Lookup(cpu, key); p != 0 {
				r = *p.U64()
			}
		case asm.FnMapPushElem:
			r = m.(Pusher).Push(value, op.flags).R0()
		case asm.FnMapPopElem:
			if r = m.(Pusher).Pop(value).R0(); r == 0 {
				r = binary.NativeEndian.Uint64(value)
			}
		case asm.FnMapPeekElem:
			if r = m.(Pusher).Peek(value).R0(); r == 0 {
				r = binary.NativeEndian.Uint64(value)
			}
		}
		out = append(out, r)
	}
	return out
}

func TestProgramsSeeTheKernelsMaps(t *testing.T) {
	needKernel(t)
	var keyed []progOp
	for _, key := range []uint32{1, 2, 1, 7} {
		for _, f := range []abi.UpdateFlags{abi.UpdateExist, abi.UpdateNoExist, abi.UpdateNoExist, abi.UpdateExist, 0, 3, 4, 5, 8} {
			keyed = append(keyed, progOp{asm.FnMapUpdateElem, key, uint64(key)<<32 | uint64(f), f},
				progOp{asm.FnMapLookupElem, key, 0, 0})
		}
		keyed = append(keyed, progOp{asm.FnMapDeleteElem, 2, 0, 0}, progOp{asm.FnMapDeleteElem, 3, 0, 0},
			progOp{asm.FnMapLookupElem, 2, 0, 0})
	}
	var queued []progOp
	for i := range 24 {
		queued = append(queued, progOp{asm.FnMapPushElem, 0, uint64(i + 100), abi.UpdateFlags(i % 5)},
			progOp{asm.FnMapPeekElem, 0, 0, 0})
		if i%4 == 3 {
			queued = append(queued, progOp{asm.FnMapPopElem, 0, 0, 0})
		}
	}
	for range 6 {
		queued = append(queued, progOp{asm.FnMapPopElem, 0, 0, 0}, progOp{asm.FnMapPeekElem, 0, 0, 0})
	}
	for _, k := range append(keyedKinds(4),
		kind{"queue", image.Map{Type: abi.Queue, ValueSize: 8, MaxEntries: 4}},
		kind{"stack", image.Map{Type: abi.Stack, ValueSize: 8, MaxEntries: 4}}) {
		ops := keyed
		if k.def.KeySize == 0 {
			ops = queued
		}
		if k.def.KeySize > 4 || k.def.ValueSize != 8 {
			continue
		}
		if k.lru() {
			k.def.MaxEntries = 4096
		}
		t.Run(k.name, func(t *testing.T) {
			cpus, err := ebpf.PossibleCPU()
			if err != nil {
				t.Skip(err)
			}
			table := NewTable(TableOptions{CPUs: cpus})
			ours := mustNew(t, table, k.def)
			theirs, err := ebpf.NewMap(&ebpf.MapSpec{Type: ebpf.MapType(k.def.Type), KeySize: k.def.KeySize,
				ValueSize: k.def.ValueSize, MaxEntries: k.def.MaxEntries, Flags: uint32(k.def.Flags)})
			if err != nil {
				t.Fatal(err)
			}
			defer theirs.Close()
			// One CPU for all of it, so that its value is one slot.
			if unpin, ok := pinToCPU0(); ok {
				defer unpin()
			} else if k.perCPU() {
				t.Skip("this process cannot run on CPU 0 alone")
			}
			a, b := here(ours, 0, ops), onKernel(t, theirs, ops)
			for i := range ops {
				if a[i] != b[i] {
					t.Errorf("call %d, %+v: %#x here, %#x in the kernel", i, ops[i], a[i], b[i])
				}
			}
			if k.def.KeySize == 0 {
				return
			}
			for key := range uint32(4) {
				va, vb := make([]byte, ValueLen(ours)), make([]byte, ValueLen(ours))
				ea := Lookup(ours, u32(int(key)), va, 0)
				eb := bpfElem(unix.BPF_MAP_LOOKUP_ELEM, theirs.FD(), u32(int(key)), vb, 0)
				if ea != eb || !bytes.Equal(va, vb) {
					t.Errorf("key %d afterwards: %s %x here, %s %x in the kernel", key, errnoText(ea), va, errnoText(eb), vb)
				}
			}
		})
	}
}

// ringOp is an output or a reservation in a ring buffer.
type ringOp struct {
	size    int16
	output  bool
	discard bool
}

func TestRingBufBytesAreTheKernels(t *testing.T) {
	t.Parallel()
	needKernel(t)
	if os.Getpagesize() != mem.PageSize {
		t.Skip("the kernel's pages are not of 4 KiB")
	}
	const size = 4096
	theirs, err := ebpf.NewMap(&ebpf.MapSpec{Type: ebpf.RingBuf, MaxEntries: size})
	if err != nil {
		t.Fatal(err)
	}
	defer theirs.Close()
	ours := newRing(t, size)
	var ops []ringOp
	for i := range 40 {
		ops = append(ops, ringOp{size: int16(i*13%200 + 1), output: i%3 == 0, discard: i%4 == 1})
	}
	results, err := ebpf.NewMap(&ebpf.MapSpec{Type: ebpf.Array, KeySize: 4, ValueSize: uint32(8 * (len(ops) + 4)), MaxEntries: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer results.Close()

	insns := asm.Instructions{asm.LoadMapValue(asm.R6, results.FD(), 0), asm.Mov.Imm(asm.R1, 0x5a)}
	for off := int16(8); off <= 208; off += 8 {
		insns = append(insns, asm.StoreMem(asm.RFP, -off, asm.R1, asm.DWord))
	}
	var got []uint64
	sample := bytes.Repeat([]byte{0x5a, 0, 0, 0, 0, 0, 0, 0}, 26)
	for i, op := range ops {
		done := fmt.Sprintf("done%d", i)
		insns = append(insns, asm.LoadMapPtr(asm.R1, theirs.FD()))
		if op.output {
			insns = append(insns, asm.Mov.Reg(asm.R2, asm.RFP), asm.Add.Imm(asm.R2, -208),
				asm.Mov.Imm(asm.R3, int32(op.size)), asm.Mov.Imm(asm.R4, 0), asm.FnRingbufOutput.Call())
			got = append(got, ours.Output(sample[:op.size], 0).R0())
		} else {
			finish := asm.FnRingbufSubmit
			if op.discard {
				finish = asm.FnRingbufDiscard
			}
			insns = append(insns, asm.Mov.Imm(asm.R2, int32(op.size)), asm.Mov.Imm(asm.R3, 0), asm.FnRingbufReserve.Call(),
				asm.Mov.Reg(asm.R7, asm.R0), asm.JEq.Imm(asm.R0, 0, done))
			p := ours.Reserve(uint64(op.size))
			r := uint64(0)
			if p != 0 {
				r = 1
			}
			got = append(got, r)
			for at := int16(0); at < op.size; at++ {
				insns = append(insns, asm.StoreImm(asm.R7, at, int64(i), asm.Byte))
				if p != 0 {
					*(p + mem.Addr(at)).U8() = uint8(i)
				}
			}
			if p != 0 && op.discard {
				ours.Discard(p, 0)
			} else if p != 0 {
				ours.Commit(p, 0)
			}
			insns = append(insns, asm.Mov.Reg(asm.R1, asm.R7), asm.Mov.Imm(asm.R2, 0), finish.Call(), asm.Mov.Imm(asm.R0, 1))
		}
		insns = append(insns, asm.StoreMem(asm.R6, int16(8*i), asm.R0, asm.DWord).WithSymbol(done))
	}
	for i := range 4 {
		insns = append(insns, asm.LoadMapPtr(asm.R1, theirs.FD()), asm.Mov.Imm(asm.R2, int32(i)), asm.FnRingbufQuery.Call(),
			asm.StoreMem(asm.R6, int16(8*(len(ops)+i)), asm.R0, asm.DWord))
		got = append(got, ours.Query(uint64(i)))
	}
	insns = append(insns, asm.Mov.Imm(asm.R0, 0), asm.Return())
	runFilter(t, insns)

	out := make([]byte, 8*len(got))
	if err := results.Lookup(uint32(0), out); err != nil {
		t.Fatal(err)
	}
	for i, a := range got {
		if b := binary.NativeEndian.Uint64(out[8*i:]); a != b {
			t.Errorf("call %d: %#x here, %#x in the kernel", i, a, b)
		}
	}
	consumer, err := unix.Mmap(theirs.FD(), 0, 4096, unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Munmap(consumer)
	rest, err := unix.Mmap(theirs.FD(), 4096, 4096+2*size, unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Munmap(rest)
	pages := append(bytes.Clone(consumer), rest...)
	if a, b := ours.Pages()[:8192], pages[:8192]; !bytes.Equal(a[:8], b[:8]) || !bytes.Equal(a[4096:4104], b[4096:4104]) {
		t.Errorf("positions %x %x here, %x %x in the kernel", a[:8], a[4096:4104], b[:8], b[4096:4104])
	}
	end := int(binary.NativeEndian.Uint64(pages[4096:]))
	a, b := ours.Pages()[8192:], pages[8192:]
	for at := 0; at < end; {
		n := int(binary.NativeEndian.Uint32(b[at:]) &^ (RingBufBusy | RingBufDiscard))
		if !bytes.Equal(a[at:at+8+n], b[at:at+8+n]) {
			t.Fatalf("record at %d: %x here, %x in the kernel", at, a[at:at+8+n], b[at:at+8+n])
		}
		at += int(roundUp(uint64(n)+8, 8))
	}
	if !bytes.Equal(a[:size], a[size:2*size]) {
		t.Error("the data is not there twice")
	}
}

func TestPerfRecordsAreTheKernels(t *testing.T) {
	needKernel(t)
	if os.Getpagesize() != mem.PageSize {
		t.Skip("the kernel's pages are not of 4 KiB")
	}
	unpin, ok := pinToCPU0()
	if !ok {
		t.Skip("this process cannot run on CPU 0 alone")
	}
	defer unpin()
	fd, err := unix.PerfEventOpen(&unix.PerfEventAttr{Type: unix.PERF_TYPE_SOFTWARE, Config: unix.PERF_COUNT_SW_BPF_OUTPUT,
		Size: uint32(binary.Size(unix.PerfEventAttr{})), Sample_type: unix.PERF_SAMPLE_RAW, Bits: unix.PerfBitWatermark, Wakeup: 1},
		-1, 0, -1, unix.PERF_FLAG_FD_CLOEXEC)
	if err != nil {
		t.Skipf("the kernel opens no perf event: %v", err)
	}
	defer unix.Close(fd)
	ring, err := unix.Mmap(fd, 0, 2*4096, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Munmap(ring)
	if err := unix.IoctlSetInt(fd, unix.PERF_EVENT_IOC_ENABLE, 0); err != nil {
		t.Fatal(err)
	}
	theirs, err := ebpf.NewMap(&ebpf.MapSpec{Type: ebpf.PerfEventArray, KeySize: 4, ValueSize: 4, MaxEntries: 3})
	if err != nil {
		t.Fatal(err)
	}
	defer theirs.Close()
	if err := theirs.Put(uint32(0), uint32(fd)); err != nil {
		t.Fatal(err)
	}
	ours := mustNew(t, newTable(t), image.Map{Type: abi.PerfEventArray, KeySize: 4, ValueSize: 4, MaxEntries: 3}).(*PerfEventArray)
	r, err := ours.Open(0, PerfOptions{CPU: 0, Size: 4096})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()

	type call struct {
		size  int
		flags uint64
	}
	var calls []call
	for i := range 90 {
		calls = append(calls, call{i*17%200 + 1, []uint64{PerfCurrentCPU, 0, 1, 3, 1 << 60, 7}[max(0, i%12-6)]})
	}
	results, err := ebpf.NewMap(&ebpf.MapSpec{Type: ebpf.Array, KeySize: 4, ValueSize: uint32(8 * len(calls)), MaxEntries: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer results.Close()
	insns := asm.Instructions{asm.Mov.Reg(asm.R7, asm.R1), asm.LoadMapValue(asm.R6, results.FD(), 0), asm.Mov.Imm(asm.R1, 0x5a)}
	for off := int16(8); off <= 208; off += 8 {
		insns = append(insns, asm.StoreMem(asm.RFP, -off, asm.R1, asm.DWord))
	}
	for i, c := range calls {
		insns = append(insns, asm.Mov.Reg(asm.R1, asm.R7), asm.LoadMapPtr(asm.R2, theirs.FD()),
			asm.LoadImm(asm.R3, int64(c.flags), asm.DWord), asm.Mov.Reg(asm.R4, asm.RFP), asm.Add.Imm(asm.R4, -208),
			asm.Mov.Imm(asm.R5, int32(c.size)), asm.FnPerfEventOutput.Call(), asm.StoreMem(asm.R6, int16(8*i), asm.R0, asm.DWord))
	}
	insns = append(insns, asm.Mov.Imm(asm.R0, 0), asm.Return())
	sample := bytes.Repeat([]byte{0x5a, 0, 0, 0, 0, 0, 0, 0}, 26)

	var a, b []byte
	// The second round begins with the record of what the first one lost.
	for round := range 2 {
		runFilter(t, insns)
		out := make([]byte, 8*len(calls))
		if err := results.Lookup(uint32(0), out); err != nil {
			t.Fatal(err)
		}
		var sizes []int
		for i, c := range calls {
			x, y := ours.Output(0, c.flags, sample[:c.size], nil).R0(), binary.NativeEndian.Uint64(out[8*i:])
			if x != y {
				t.Errorf("round %d, call %d %+v: %d here, %d in the kernel", round, i, c, int64(x), int64(y))
			}
			if y == 0 {
				sizes = append(sizes, c.size)
			}
		}
		a = append(a, drainPerf(r.ring.Base.Bytes(2*4096), sizes)...)
		b = append(b, drainPerf(ring, sizes)...)
	}
	for i := range max(len(a), len(b)) {
		if i >= min(len(a), len(b)) || a[i] != b[i] {
			from := max(0, i-8)
			t.Errorf("%d and %d bytes of records differ from byte %d on: %x here, %x in the kernel", len(a), len(b), i,
				a[min(from, len(a)):min(i+32, len(a))], b[min(from, len(b)):min(i+32, len(b))])
			break
		}
	}
	if !bytes.Contains(b, []byte{PerfRecordLost, 0, 0, 0, 0, 0, 24, 0}) {
		t.Error("nothing was lost in the test")
	}
}

// drainPerf reads what a perf ring holds, record after record, without the
// ids of lost records, which are of the system's choice, and what follows the
// samples of these sizes, which is not defined.
func drainPerf(pages []byte, sizes []int) []byte {
	head := binary.NativeEndian.Uint64(pages[perfDataHead:])
	tail := binary.NativeEndian.Uint64(pages[perfDataTail:])
	var all []byte
	for i := tail; i < head; i++ {
		all = append(all, pages[4096+i%4096])
	}
	binary.NativeEndian.PutUint64(pages[perfDataTail:], head)
	for at := 0; at < len(all); {
		n := int(binary.NativeEndian.Uint16(all[at+6:]))
		if binary.NativeEndian.Uint32(all[at:]) == PerfRecordLost {
			clear(all[at+8 : at+16])
		} else {
			clear(all[at+12+sizes[0] : at+n])
			sizes = sizes[1:]
		}
		at += n
	}
	return all
}

// pinToCPU0 ties the goroutine to CPU 0 until the function that it returns is
// called.
func pinToCPU0() (func(), bool) {
	runtime.LockOSThread()
	var old, one unix.CPUSet
	one.Set(0)
	if unix.SchedGetaffinity(0, &old) != nil || !old.IsSet(0) || unix.SchedSetaffinity(0, &one) != nil {
		runtime.UnlockOSThread()
		return nil, false
	}
	return func() {
		unix.SchedSetaffinity(0, &old)
		runtime.UnlockOSThread()
	}, true
}
