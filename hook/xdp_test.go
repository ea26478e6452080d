package hook

import (
	"bytes"
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/skepbpf/skep/host"
	"github.com/skepbpf/skep/internal/packet"
)

// eth is a frame of an empty Ethernet header and the given bytes.
func eth(at int64, payload string) Frame {
	b := append(make([]byte, packet.EthLen), payload...)
	return Frame{Time: at, Data: b, Length: len(b)}
}

func payloads(r *Recorder) []string {
	var s []string
	for _, f := range r.Frames {
		s = append(s, string(f.Data[packet.EthLen:]))
	}
	return s
}

// do replays with a Go function in the program's place.
func do(ctx context.Context, list []*Port, opts *XDPOptions, run func(*packet.XDP) (uint64, error)) (*XDPResult, error) {
	if opts == nil {
		opts = &XDPOptions{}
	}
	return newReplay(opts, run).all(ctx, list)
}

// byPayload is a program that does what the payload's first word says.
func byPayload(x *packet.XDP) (uint64, error) {
	word, rest, _ := strings.Cut(string(x.Data()[packet.EthLen:]), " ")
	switch word {
	case "drop":
		return uint64(XDPDrop), nil
	case "pass":
		return uint64(XDPPass), nil
	case "tx":
		return uint64(XDPTx), nil
	case "redirect":
		x.Target = packet.Redirect{Set: rest != "", Ifindex: uint32(len(rest))}
		return uint64(XDPRedirect), nil
	case "invalid":
		return 7, nil
	case "high": // the kernel looks at 32 bits of the verdict
		return 1<<32 | uint64(XDPPass), nil
	case "rewrite":
		if e := x.AdjustHead(-4); e != 0 {
			return 0, errors.New("no headroom")
		}
		copy(x.Data(), make([]byte, packet.EthLen))
		copy(x.Data()[packet.EthLen:], "wrap")
		return uint64(XDPTx), nil
	case "fault":
		return 0, errors.New("bad read")
	}
	return uint64(XDPAborted), nil
}

func TestVerdictsAreCountedAndCarriedOut(t *testing.T) {
	t.Parallel()
	var out1, up1, out2, up2 Recorder
	ports := []*Port{
		{Name: "eth0", Out: &out1, Up: &up1, In: Frames(
			eth(1, "drop"), eth(2, "pass a"), eth(3, "tx b"), eth(4, "redirect xx"), eth(5, "redirect x"),
			eth(6, "redirect xxx"), eth(7, "redirect"), eth(8, "invalid"), eth(9, "other"), eth(10, "high"), eth(11, "rewrite"))},
		{Name: "eth1", Out: &out2, Up: &up2},
	}
	got, err := do(t.Context(), ports, nil, byPayload)
	if err != nil {
		t.Fatal(err)
	}
	got.Time = 0
	want := &XDPResult{
		Invalid:  Count{1, 21},
		NoTarget: Count{2, 48},
	}
	want.Actions[XDPAborted] = Count{1, 19}
	want.Actions[XDPDrop] = Count{1, 18}
	want.Actions[XDPPass] = Count{2, 38}
	want.Actions[XDPTx] = Count{2, 39}
	want.Actions[XDPRedirect] = Count{4, 25 + 24 + 26 + 22}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	for _, c := range []struct {
		name string
		got  *Recorder
		want []string
	}{
		{"eth0 out", &out1, []string{"tx b", "redirect x", "wraprewrite"}},
		{"eth0 up", &up1, []string{"pass a", "high"}},
		{"eth1 out", &out2, []string{"redirect xx"}},
		{"eth1 up", &up2, nil},
	} {
		if d := cmp.Diff(c.want, payloads(c.got)); d != "" {
			t.Errorf("%s: %s", c.name, d)
		}
	}
	if total := got.Total(); total.Packets != 11 {
		t.Errorf("%d packets in total, want 11", total.Packets)
	}
}

func TestFramesOfAllInterfacesRunInTheOrderOfTime(t *testing.T) {
	t.Parallel()
	var seen []string
	var ins []uint32
	ports := []*Port{
		{Name: "a", Ifindex: 7, In: Frames(eth(1, "1"), eth(4, "4"), eth(3, "late"), eth(9, "9"))},
		{Name: "b", Ifindex: 3, In: Frames(eth(2, "2"), eth(4, "4b"), eth(5, "5"))},
		{Name: "c"},
	}
	_, err := do(t.Context(), ports, nil, func(x *packet.XDP) (uint64, error) {
		seen = append(seen, string(x.Data()[packet.EthLen:]))
		ins = append(ins, x.Ingress())
		return uint64(XDPDrop), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"1", "2", "4", "late", "4b", "5", "9"}, seen); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]uint32{7, 3, 7, 7, 3, 3, 7}, ins); d != "" {
		t.Error(d)
	}
}

func TestClockFollowsTheFramesAndNeverGoesBack(t *testing.T) {
	t.Parallel()
	clock := host.NewFixed(host.FixedOptions{Start: time.Minute})
	base := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC).UnixNano()
	var seen []time.Duration
	for range 2 { // a second replay goes on where the first ended
		ports := []*Port{{Name: "a", In: Frames(eth(base, ""), eth(base+500, ""), eth(base+200, ""), eth(base+1e9, ""))}}
		if _, err := do(t.Context(), ports, &XDPOptions{Clock: clock}, func(*packet.XDP) (uint64, error) {
			seen = append(seen, time.Duration(clock.Now(host.Monotonic))-time.Minute)
			return uint64(XDPDrop), nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	want := []time.Duration{0, 500, 500, time.Second, time.Second, time.Second + 500, time.Second + 500, 2 * time.Second}
	if d := cmp.Diff(want, seen); d != "" {
		t.Error(d)
	}
}

func TestManyFramesOfGrowingLength(t *testing.T) {
	t.Parallel()
	var frames []Frame
	var bytes uint64
	for i := range 3 * batch {
		frames = append(frames, eth(int64(i), "pass "+strings.Repeat("x", i*30)))
		bytes += uint64(len(frames[i].Data))
	}
	var up Recorder
	polls := 0
	opts := &XDPOptions{Poll: func() error { polls++; return nil }}
	got, err := do(t.Context(), []*Port{{Name: "a", In: Frames(frames...), Up: &up}}, opts, byPayload)
	if err != nil {
		t.Fatal(err)
	}
	if got.Actions[XDPPass] != (Count{3 * batch, bytes}) {
		t.Errorf("counted %+v, want %d packets, %d bytes", got.Actions[XDPPass], 3*batch, bytes)
	}
	if d := cmp.Diff(frames, up.Frames); d != "" {
		t.Error(d)
	}
	if polls != 3 {
		t.Errorf("polled %d times, want 3", polls)
	}
}

func TestAFaultNamesTheFrameAndKeepsWhatCameBefore(t *testing.T) {
	t.Parallel()
	var up Recorder
	ports := []*Port{{Name: "eth0", Up: &up, In: Frames(eth(1, "pass"), eth(2, "fault"), eth(3, "pass"))}}
	got, err := do(t.Context(), ports, nil, byPayload)
	if err == nil || !strings.Contains(err.Error(), "eth0: frame 2: bad read") {
		t.Errorf("error %v", err)
	}
	if got.Actions[XDPPass].Packets != 1 || len(up.Frames) != 1 {
		t.Errorf("result %+v with %d frames up, want one passed", got, len(up.Frames))
	}
}

func TestBadInputOfAReplay(t *testing.T) {
	t.Parallel()
	huge := Frame{Data: make([]byte, packet.MaxPacket+1)}
	sink := errors.New("disk full")
	for _, c := range []struct {
		name, want string
		ports      []*Port
	}{
		{"no interface", "no interface", nil},
		{"two interfaces of one number", `"a" and "b" have both number 2`, []*Port{{Name: "a", Ifindex: 2}, {Name: "b", Ifindex: 2}}},
		{"a frame above the limit", "eth0: frame 2: packet of 131073 bytes", []*Port{{Name: "eth0", In: Frames(eth(1, "pass"), huge)}}},
		{"a sink that is full", "eth0: disk full", []*Port{{Name: "eth0", In: Frames(eth(1, "pass")), Up: failing{sink}}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if _, err := do(t.Context(), c.ports, nil, byPayload); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one with %q", err, c.want)
			}
		})
	}
}

type failing struct{ err error }

func (f failing) Write(Frame) error { return f.err }

func TestAReplayEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	endless := sourceFunc(func() (Frame, error) { return eth(1, "drop"), nil })
	n := 0
	_, err := do(ctx, []*Port{{In: endless}}, nil, func(*packet.XDP) (uint64, error) {
		if n++; n == 1000 {
			cancel()
		}
		return uint64(XDPDrop), nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want that it was cancelled", err)
	}
}

func TestAReplayAllocatesNothingForAFrame(t *testing.T) {
	allocs := func(n int) float64 {
		frames := make([]Frame, n)
		for i := range frames {
			frames[i] = eth(int64(i), "pass and rewrite nothing")
		}
		return testing.AllocsPerRun(5, func() {
			if _, err := do(t.Context(), []*Port{{Name: "a", In: Frames(frames...), Up: failing{}}}, nil,
				func(*packet.XDP) (uint64, error) { return uint64(XDPPass), nil }); err != nil {
				t.Fatal(err)
			}
		})
	}
	if few, many := allocs(batch), allocs(50*batch); many > few+1 {
		t.Errorf("%v allocations for %d frames, %v for %d", few, batch, many, 50*batch)
	}
}

type sourceFunc func() (Frame, error)

func (f sourceFunc) Next() (Frame, error) { return f() }

// TestShippedTraffic replays the examples' captures through a Go function and
// writes them out again: what came in goes out, byte for byte.
func TestShippedTraffic(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	w, err := WriteCapture(&out)
	if err != nil {
		t.Fatal(err)
	}
	var ports []*Port
	for _, name := range []string{"traffic", "replies"} {
		f, err := os.Open("../examples/firewall/" + name + ".pcap")
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		in, err := ReadCapture(f)
		if err != nil {
			t.Fatal(err)
		}
		ports = append(ports, &Port{Name: name, In: in, Up: w})
	}
	res, err := do(t.Context(), ports, nil, func(*packet.XDP) (uint64, error) { return uint64(XDPPass), nil })
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	again, err := ReadCapture(&out)
	if err != nil {
		t.Fatal(err)
	}
	res2, err := do(t.Context(), []*Port{{In: again}}, nil, func(*packet.XDP) (uint64, error) { return uint64(XDPPass), nil })
	if err != nil {
		t.Fatal(err)
	}
	if got, want := res2.Total(), res.Total(); got != want || want.Packets < 3000 {
		t.Errorf("read %+v again of %+v", got, want)
	}
}
