package bpfmap

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/image"
)

func newPerf(t *testing.T, o PerfOptions) (*PerfEventArray, *PerfRing) {
	t.Helper()
	p := mustNew(t, newTable(t), image.Map{Type: abi.PerfEventArray, KeySize: 4, ValueSize: 4, MaxEntries: testCPUs}).(*PerfEventArray)
	r, err := p.Open(uint32(o.CPU), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return p, r
}

func TestPerfOutputErrors(t *testing.T) {
	t.Parallel()
	p, _ := newPerf(t, PerfOptions{CPU: 1, Size: 4096})
	s := []byte{1, 2, 3}
	want(t, "the own CPU", p.Output(1, PerfCurrentCPU, s, nil), 0)
	want(t, "the index", p.Output(1, 1, s, nil), 0)
	want(t, "an index without a ring", p.Output(1, 0, s, nil), abi.ENOENT)
	want(t, "another CPU's ring", p.Output(0, 1, s, nil), abi.EOPNOTSUPP)
	want(t, "an index beyond the end", p.Output(1, testCPUs, s, nil), abi.E2BIG)
	want(t, "unknown flags", p.Output(1, 1<<32|1, s, nil), abi.EINVAL)
}

func TestPerfRecordsAreLinuxs(t *testing.T) {
	t.Parallel()
	p, r := newPerf(t, PerfOptions{CPU: 0, Size: 4096})
	want(t, "output", p.Output(0, PerfCurrentCPU, []byte("abcde"), []byte("XY")), 0)
	raw := r.data.Bytes(32)
	if typ, misc, size := binary.NativeEndian.Uint32(raw), binary.NativeEndian.Uint16(raw[4:]), binary.NativeEndian.Uint16(raw[6:]); typ != 9 || misc != 1 || size != 24 {
		t.Errorf("header %d %d %d, want 9 1 24", typ, misc, size)
	}
	// The raw size is padded so that the record ends on 8 bytes.
	if n := binary.NativeEndian.Uint32(raw[8:]); n != 12 {
		t.Errorf("raw size %d, want 12", n)
	}
	if !bytes.Equal(raw[12:24], []byte("abcdeXY\x00\x00\x00\x00\x00")) {
		t.Errorf("sample %q", raw[12:24])
	}
	got := 0
	for r.Consume(func(s []byte, lost uint64) {
		got++
		if string(s[:7]) != "abcdeXY" || lost != 0 {
			t.Errorf("read %q, %d lost", s, lost)
		}
	}) {
	}
	if got != 1 {
		t.Errorf("%d records", got)
	}
}

func TestPerfCountsWhatIsLost(t *testing.T) {
	t.Parallel()
	p, r := newPerf(t, PerfOptions{CPU: 0, Size: 4096})
	sample := make([]byte, 500)
	taken := 0
	for p.Output(0, PerfCurrentCPU, sample, nil) == 0 {
		taken++
	}
	want(t, "output into a full ring", p.Output(0, PerfCurrentCPU, sample, nil), abi.ENOSPC)
	if taken != 4095/512 {
		t.Errorf("%d samples taken, want %d", taken, 4095/512)
	}
	read := 0
	var lost uint64
	drain := func() {
		for r.Consume(func(s []byte, n uint64) {
			lost += n
			if s != nil {
				read++
			}
		}) {
		}
	}
	drain()
	if read != taken || lost != 0 {
		t.Errorf("%d samples and %d lost before the next one", read, lost)
	}
	want(t, "output", p.Output(0, PerfCurrentCPU, sample, nil), 0)
	drain()
	if lost != 2 || read != taken+1 {
		t.Errorf("%d lost, want 2; %d read", lost, read)
	}
	r.Pause()
	p.Output(0, PerfCurrentCPU, sample, nil)
	r.Resume()
	p.Output(0, PerfCurrentCPU, sample, nil)
	drain()
	if lost != 3 {
		t.Errorf("%d lost with the pause, want 3", lost)
	}
	want(t, "a sample beyond 64 KiB", p.Output(0, PerfCurrentCPU, make([]byte, 1<<16), nil), abi.E2BIG)
}

func TestPerfWakeUps(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		opts PerfOptions
		want []bool // after each sample of 24 bytes
	}{
		{"each sample wakes", PerfOptions{Size: 4096}, []bool{true, true, true}},
		{"each third sample wakes", PerfOptions{Size: 4096, WakeupEvents: 3}, []bool{false, false, true, false, false, true}},
		{"a watermark of bytes wakes", PerfOptions{Size: 4096, Watermark: 60}, []bool{false, false, true, false, false, true}},
	} {
		p, r := newPerf(t, c.opts)
		for i, wake := range c.want {
			want(t, "output", p.Output(0, PerfCurrentCPU, make([]byte, 12), nil), 0)
			got := false
			select {
			case <-r.Notify():
				got = true
			default:
			}
			if got != wake {
				t.Errorf("%s: sample %d wakes: %v", c.name, i, got)
			}
		}
	}
}

func TestPerfRingsLeaveTheMap(t *testing.T) {
	t.Parallel()
	p, r := newPerf(t, PerfOptions{CPU: 2, Size: 5000})
	if r.Size() != 8192 {
		t.Errorf("size %d, want 8192", r.Size())
	}
	key := u32(2)
	want(t, "lookup", Lookup(p, key, make([]byte, 4), 0), abi.ENOTSUPP)
	r.Close()
	r.Close()
	want(t, "output", p.Output(2, PerfCurrentCPU, []byte{1}, nil), abi.ENOENT)
	want(t, "delete", Delete(p, key), abi.ENOENT)
	second, err := p.Open(2, PerfOptions{CPU: 2, Size: 4096})
	if err != nil {
		t.Fatal(err)
	}
	want(t, "delete", Delete(p, key), 0)
	second.Close()
	for _, bad := range []PerfOptions{{Size: 0}, {Size: 1<<30 + 1}, {Size: 4096, Watermark: 4096}, {Size: 4096, Watermark: 1, WakeupEvents: 1}} {
		if _, err := p.Open(0, bad); err == nil {
			t.Errorf("options %+v are taken", bad)
		}
	}
	if _, err := p.Open(testCPUs, PerfOptions{Size: 4096}); err == nil {
		t.Error("an index beyond the end is taken")
	}
}

func TestPerfRingThatKeepsTheNewest(t *testing.T) {
	t.Parallel()
	p, r := newPerf(t, PerfOptions{CPU: 0, Size: 4096, Overwrite: true})
	read := func() (all []byte) {
		r.Pause()
		defer r.Resume()
		for r.Consume(func(s []byte, lost uint64) {
			if lost != 0 || len(s) != 100 || bytes.Count(s, s[:1]) != 100 {
				t.Errorf("read %x, %d lost", s, lost)
			}
			all = append(all, s[0])
		}) {
		}
		return all
	}
	write := func(from, to int) {
		for i := from; i <= to; i++ {
			want(t, "output", p.Output(0, PerfCurrentCPU, bytes.Repeat([]byte{byte(i)}, 100), nil), 0)
		}
	}
	write(1, 3)
	if got := read(); !bytes.Equal(got, []byte{3, 2, 1}) {
		t.Errorf("read %v, want the newest first", got)
	}
	if got := read(); got != nil {
		t.Errorf("read %v again", got)
	}
	write(4, 5)
	if got := read(); !bytes.Equal(got, []byte{5, 4}) {
		t.Errorf("read %v, want what came since", got)
	}
	// 36 records of 112 bytes are there in full.
	write(10, 200)
	got := read()
	if len(got) != 36 {
		t.Fatalf("%d records, want 36", len(got))
	}
	for i, n := range got {
		if int(n) != 200-i {
			t.Fatalf("record %d is %d", i, n)
		}
	}
}

func TestPerfRingsShareAReader(t *testing.T) {
	t.Parallel()
	notify := make(chan struct{}, 1)
	p := mustNew(t, newTable(t), image.Map{Type: abi.PerfEventArray, KeySize: 4, ValueSize: 4, MaxEntries: testCPUs}).(*PerfEventArray)
	for cpu := range testCPUs {
		r, err := p.Open(uint32(cpu), PerfOptions{CPU: cpu, Size: 4096, Notify: notify})
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		want(t, "output", p.Output(cpu, PerfCurrentCPU, []byte{1}, nil), 0)
		select {
		case <-notify:
		default:
			t.Errorf("CPU %d does not wake the reader", cpu)
		}
	}
}

func TestClosedPerfRingIsEmpty(t *testing.T) {
	t.Parallel()
	p, r := newPerf(t, PerfOptions{CPU: 0, Size: 4096})
	for range 2 {
		want(t, "output", p.Output(0, PerfCurrentCPU, []byte{7}, nil), 0)
	}
	r.Consume(func(s []byte, _ uint64) {
		r.Close()
		if s[0] != 7 {
			t.Errorf("sample %v", s)
		}
	})
	if r.Consume(func([]byte, uint64) {}) || r.Available() != 0 {
		t.Error("a closed ring has records")
	}
}
