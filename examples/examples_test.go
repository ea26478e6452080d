// Package examples_test runs the examples on the traffic beside them and holds
// what they did against models written in Go.
package examples_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"

	"github.com/skepbpf/skep"
	"github.com/skepbpf/skep/hook"
	"github.com/skepbpf/skep/host"
)

// start is what the programs' clock shows at the first frame.
const start = time.Hour

// bench is an example that is loaded and ready to run.
type bench struct {
	*skep.Collection
	clock *host.Fixed
}

// load loads an example into a runtime of its own, with a clock that follows
// the frames. change may change the spec before.
func load(t testing.TB, name string, change func(*skep.CollectionSpec)) *bench {
	t.Helper()
	spec, err := skep.LoadCollectionSpec(name + "/" + name + ".bpf.o")
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(spec)
	}
	clock := host.NewFixed(host.FixedOptions{Start: start})
	rt, err := skep.NewRuntime(&skep.RuntimeOptions{CPUs: 2, Host: clock, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	coll, err := skep.NewCollectionWithOptions(spec, skep.CollectionOptions{Backend: rt})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		coll.Close()
		if err := rt.Close(); err != nil {
			t.Error(err)
		}
	})
	return &bench{coll, clock}
}

// replay runs a program of b on frames and is the result and what it sent.
func (b *bench) replay(t *testing.T, program string, frames []hook.Frame) (res *hook.XDPResult, sent []hook.Frame) {
	t.Helper()
	var out hook.Recorder
	ports := []*hook.Port{{Name: "eth0", In: hook.Frames(frames...), Out: &out}}
	res, err := hook.ReplayXDP(t.Context(), b.Programs[program], ports, &hook.XDPOptions{Clock: b.clock, Budget: 100_000})
	if err != nil {
		t.Fatal(err)
	}
	return res, out.Frames
}

// traffic is the capture that the examples are shown on.
func traffic(t testing.TB) []hook.Frame {
	t.Helper()
	f, err := os.Open("firewall/traffic.pcap")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := hook.ReadCapture(f)
	if err != nil {
		t.Fatal(err)
	}
	var rec hook.Recorder
	for {
		fr, err := r.Next()
		if err == io.EOF {
			return rec.Frames
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := rec.Write(fr); err != nil {
			t.Fatal(err)
		}
	}
}

// sum adds the values of a per-CPU array's element up, word by word.
func sum[T any](t *testing.T, m *skep.Map, key uint32) T {
	t.Helper()
	var cpus []T
	if err := m.Lookup(key, &cpus); err != nil {
		t.Fatal(err)
	}
	var total []uint64
	for _, c := range cpus {
		var b bytes.Buffer
		if err := binary.Write(&b, binary.NativeEndian, c); err != nil {
			t.Fatal(err)
		}
		words := make([]uint64, b.Len()/8)
		if err := binary.Read(&b, binary.NativeEndian, words); err != nil {
			t.Fatal(err)
		}
		if total == nil {
			total = make([]uint64, len(words))
		}
		for i := range words {
			total[i] += words[i]
		}
	}
	var out T
	var b bytes.Buffer
	if err := binary.Write(&b, binary.NativeEndian, total); err != nil {
		t.Fatal(err)
	}
	if err := binary.Read(&b, binary.NativeEndian, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// contents are the elements of a map.
func contents[K comparable, V any](t *testing.T, m *skep.Map) map[K]V {
	t.Helper()
	all := map[K]V{}
	var k K
	var v V
	it := m.Iterate()
	for it.Next(&k, &v) {
		all[k] = v
	}
	if err := it.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// decoded is a frame as gopacket sees it.
func decoded(f hook.Frame) gopacket.Packet {
	return gopacket.NewPacket(f.Data, layers.LayerTypeEthernet, gopacket.NoCopy)
}

// source is the sender of an IP packet, IPv4 in its mapped form; false for
// other packets.
func source(p gopacket.Packet) (netip.Addr, bool) {
	switch ip := p.NetworkLayer().(type) {
	case *layers.IPv4:
		a, _ := netip.AddrFromSlice(ip.SrcIP.To16())
		return a, true
	case *layers.IPv6:
		a, _ := netip.AddrFromSlice(ip.SrcIP)
		return a, true
	}
	return netip.Addr{}, false
}

type count struct{ Packets, Bytes uint64 }

func (c *count) add(f hook.Frame) { c.Packets++; c.Bytes += uint64(len(f.Data)) }

type totals struct{ Passed, Blocked, Limited, Broken count }

type perSource struct{ Due, Passed, Limited uint64 }

// firewallModel is the firewall, in Go.
type firewallModel struct {
	blocked map[string]netip.Prefix
	totals  totals
	rules   map[string]count
	sources map[[16]byte]perSource
	events  int
}

func (m *firewallModel) frame(f hook.Frame, now uint64) {
	const cost, burst = 1e9 / 200, 100
	src, ok := source(decoded(f))
	if !ok {
		m.totals.Passed.add(f)
		return
	}
	for name, p := range m.blocked {
		if p.Contains(src.Unmap()) {
			r := m.rules[name]
			r.add(f)
			m.rules[name] = r
			m.totals.Blocked.add(f)
			m.events++
			return
		}
	}
	s := m.sources[src.As16()]
	due := max(s.Due, now) + cost
	if due > now+burst*cost {
		if s.Limited == 0 {
			m.events++
		}
		s.Limited++
		m.totals.Limited.add(f)
	} else {
		s.Due = due
		s.Passed++
		m.totals.Passed.add(f)
	}
	m.sources[src.As16()] = s
}

func TestFirewallDoesWhatItsModelDoes(t *testing.T) {
	t.Parallel()
	frames := traffic(t)
	b := load(t, "firewall", nil)
	res, _ := b.replay(t, "firewall", frames)

	m := &firewallModel{
		blocked: map[string]netip.Prefix{
			"203.0.113.0/24":    netip.MustParsePrefix("203.0.113.0/24"),
			"198.51.100.99/32":  netip.MustParsePrefix("198.51.100.99/32"),
			"2001:db8:bad::/48": netip.MustParsePrefix("2001:db8:bad::/48"),
		},
		rules:   map[string]count{},
		sources: map[[16]byte]perSource{},
	}
	latest := frames[0].Time
	for _, f := range frames {
		latest = max(latest, f.Time)
		m.frame(f, uint64(start)+uint64(latest-frames[0].Time))
	}

	got := sum[totals](t, b.Maps["totals"], 0)
	if d := cmp.Diff(m.totals, got); d != "" {
		t.Errorf("totals: %s", d)
	}
	if got.Blocked.Packets == 0 || got.Limited.Packets == 0 || got.Passed.Packets == 0 {
		t.Errorf("the traffic does not show every verdict: %+v", got)
	}
	dropped := m.totals.Blocked.Packets + m.totals.Limited.Packets
	if d, p := res.Actions[hook.XDPDrop], res.Actions[hook.XDPPass]; d.Packets != dropped || p.Packets != m.totals.Passed.Packets {
		t.Errorf("dropped %+v, passed %+v; the model %+v", d, p, m.totals)
	}
	if d := cmp.Diff(m.rules, rules(t, b)); d != "" {
		t.Errorf("rules: %s", d)
	}
	if d := cmp.Diff(m.sources, contents[[16]byte, perSource](t, b.Maps["sources"])); d != "" {
		t.Errorf("sources: %s", d)
	}
	checkEvents(t, b, m)
}

// rules are the counters of both block lists.
func rules(t *testing.T, b *bench) map[string]count {
	t.Helper()
	type key4 struct {
		Length  uint32
		Address [4]byte
	}
	type key6 struct {
		Length  uint32
		Address [16]byte
	}
	all := map[string]count{}
	for k, v := range contents[key4, count](t, b.Maps["blocked4"]) {
		all[netip.PrefixFrom(netip.AddrFrom4(k.Address), int(k.Length)).String()] = v
	}
	for k, v := range contents[key6, count](t, b.Maps["blocked6"]) {
		all[netip.PrefixFrom(netip.AddrFrom16(k.Address), int(k.Length)).String()] = v
	}
	return all
}

// checkEvents reads the ring buffer and wants each event to fit the model.
func checkEvents(t *testing.T, b *bench, m *firewallModel) {
	t.Helper()
	const blocked, limited = 1, 2
	var last uint64
	got := records(t, b.Maps["events"])
	for i, r := range got {
		var e struct {
			Time           uint64
			Reason, Length uint32
			Src, Dst       [16]byte
			Sport, Dport   [2]byte
			Proto          uint8
		}
		if err := binary.Read(bytes.NewReader(r), binary.NativeEndian, &e); err != nil {
			t.Fatalf("event %d: %v", i, err)
		}
		src := netip.AddrFrom16(e.Src).Unmap()
		inList := false
		for _, p := range m.blocked {
			inList = inList || p.Contains(src)
		}
		if e.Reason != blocked && e.Reason != limited || inList != (e.Reason == blocked) {
			t.Errorf("event %d: reason %d of %v", i, e.Reason, src)
		}
		if e.Time < last || e.Time < uint64(start) {
			t.Errorf("event %d: time %d after %d", i, e.Time, last)
		}
		last = e.Time
	}
	if len(got) != m.events {
		t.Errorf("%d events, the model has %d", len(got), m.events)
	}
}

func TestFirewallIsConfiguredBeforeItIsLoaded(t *testing.T) {
	t.Parallel()
	frames := traffic(t)
	b := load(t, "firewall", func(spec *skep.CollectionSpec) {
		for name, v := range map[string]any{"packets_per_second": uint64(0), "block4": make([]byte, 16*8), "block6": make([]byte, 16*20)} {
			if err := spec.Variables[name].Set(v); err != nil {
				t.Fatal(err)
			}
		}
	})
	res, _ := b.replay(t, "firewall", frames)
	if got := res.Actions[hook.XDPPass]; got != res.Total() {
		t.Errorf("without rules and limit %+v of %+v passed", got, res.Total())
	}
}

func TestBalancerWrapsEveryPacketOfItsServices(t *testing.T) {
	t.Parallel()
	frames := traffic(t)
	b := load(t, "balancer", nil)
	res, sent := b.replay(t, "balance", frames)
	var wanted []hook.Frame
	for _, f := range frames {
		if ofService(f) {
			wanted = append(wanted, f)
		}
	}
	if len(wanted) == 0 || len(sent) != len(wanted) || res.Actions[hook.XDPTx].Packets != uint64(len(wanted)) {
		t.Fatalf("%d frames sent, %d wanted, counted %+v", len(sent), len(wanted), res.Actions)
	}
	homes := map[string]string{}
	perBackend := map[string]uint64{}
	for i, f := range sent {
		in, out := wanted[i].Data, f.Data
		outer := &layers.IPv4{}
		if err := outer.DecodeFromBytes(out[14:], gopacket.NilDecodeFeedback); err != nil {
			t.Fatalf("frame %d: %v", i, err)
		}
		switch {
		case !bytes.Equal(out[:6], in[6:12]) || !bytes.Equal(out[6:12], in[:6]):
			t.Fatalf("frame %d: Ethernet addresses not turned round", i)
		case outer.Protocol != layers.IPProtocolIPv4 || outer.SrcIP.String() != "192.0.2.1" || int(outer.Length) != len(in)-14+20-padding(in):
			t.Fatalf("frame %d: outer header %+v", i, outer)
		case onesComplement(out[14:34]) != 0xffff:
			t.Fatalf("frame %d: wrong checksum", i)
		case !bytes.Equal(out[34:], in[14:]):
			t.Fatalf("frame %d: inner packet changed", i)
		}
		flow, home := flowOf(wanted[i]), outer.DstIP.String()
		if was := homes[flow]; was != "" && was != home {
			t.Fatalf("frame %d: %s moved from %s to %s", i, flow, was, home)
		}
		homes[flow] = home
		perBackend[home]++
	}
	if len(perBackend) != 4 {
		t.Errorf("backends %v, want all four", perBackend)
	}
	for i, name := range []string{"10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4"} {
		type backend struct{ Packets, Bytes, Connections uint64 }
		if got := sum[backend](t, b.Maps["per_backend"], uint32(i)); got.Packets != perBackend[name] {
			t.Errorf("backend %s: counted %+v, got %d packets", name, got, perBackend[name])
		}
	}

	// Without its backend a flow moves; all others stay.
	if err := b.Variables["drained"].Set(uint32(1)); err != nil {
		t.Fatal(err)
	}
	_, sent = b.replay(t, "balance", frames)
	for i, f := range sent {
		flow, home := flowOf(wanted[i]), netip.AddrFrom4([4]byte(f.Data[30:34])).String()
		if home == "10.0.0.1" || homes[flow] != "10.0.0.1" && homes[flow] != home {
			t.Fatalf("%s went to %s, was at %s", flow, home, homes[flow])
		}
	}
}

// ofService reports whether the frame is for one of the balancer's services.
func ofService(f hook.Frame) bool {
	if binary.BigEndian.Uint16(f.Data[12:]) != 0x0800 {
		return false
	}
	p := decoded(f)
	ip, _ := p.Layer(layers.LayerTypeIPv4).(*layers.IPv4)
	if ip == nil || ip.DstIP.String() != "192.0.2.10" {
		return false
	}
	switch l := p.TransportLayer().(type) {
	case *layers.TCP:
		return l.DstPort == 80 && len(f.Data)+20 <= 1514
	case *layers.UDP:
		return l.DstPort == 53
	}
	return false
}

func flowOf(f hook.Frame) string {
	p := decoded(f)
	return p.NetworkLayer().NetworkFlow().String() + " " + p.TransportLayer().TransportFlow().String() + " " + p.TransportLayer().LayerType().String()
}

// padding is what a short frame has behind its IP packet.
func padding(frame []byte) int { return len(frame) - 14 - int(binary.BigEndian.Uint16(frame[16:])) }

func onesComplement(b []byte) uint16 {
	var s uint32
	for i := 0; i < len(b); i += 2 {
		s += uint32(binary.BigEndian.Uint16(b[i:]))
	}
	return uint16(s&0xffff + s>>16)
}

func TestHistogramFillsTheBucketsOfItsModel(t *testing.T) {
	t.Parallel()
	type histogram struct{ TCP, UDP, ICMP, Other [32]uint64 }
	frames := traffic(t)
	b := load(t, "histogram", nil)
	b.replay(t, "histogram", frames)

	var sizes, gaps histogram
	last := map[*[32]uint64]int64{}
	latest := frames[0].Time
	for _, f := range frames {
		latest = max(latest, f.Time)
		now := int64(start) + latest - frames[0].Time
		s, g := &sizes.Other, &gaps.Other
		switch protocol(f) {
		case layers.IPProtocolTCP:
			s, g = &sizes.TCP, &gaps.TCP
		case layers.IPProtocolUDP:
			s, g = &sizes.UDP, &gaps.UDP
		case layers.IPProtocolICMPv4, layers.IPProtocolICMPv6:
			s, g = &sizes.ICMP, &gaps.ICMP
		}
		s[log2(len(f.Data))]++
		if before, ok := last[g]; ok {
			g[log2(int(now-before)/1000)]++
		}
		last[g] = now
	}
	if d := cmp.Diff(sizes, sum[histogram](t, b.Maps["sizes"], 0)); d != "" {
		t.Errorf("sizes: %s", d)
	}
	if d := cmp.Diff(gaps, sum[histogram](t, b.Maps["gaps"], 0)); d != "" {
		t.Errorf("gaps: %s", d)
	}
}

func log2(v int) int {
	n := 0
	for v >>= 1; v > 0; v >>= 1 {
		n++
	}
	return min(n, 31)
}

// protocol is the protocol of an IP packet behind all extension headers.
func protocol(f hook.Frame) layers.IPProtocol {
	p := decoded(f)
	if h, ok := p.Layer(layers.LayerTypeIPv6HopByHop).(*layers.IPv6HopByHop); ok {
		return h.NextHeader
	}
	switch ip := p.NetworkLayer().(type) {
	case *layers.IPv4:
		return ip.Protocol
	case *layers.IPv6:
		return ip.NextHeader
	}
	return 0
}

func TestParserListsQuestionsAndRequests(t *testing.T) {
	t.Parallel()
	frames := traffic(t)
	b := load(t, "parser", nil)
	res, _ := b.replay(t, "parse", frames)
	if got := res.Actions[hook.XDPPass]; got != res.Total() {
		t.Errorf("%+v of %+v passed", got, res.Total())
	}

	questions, requests := map[string]uint64{}, map[string]uint64{}
	var vlan uint64
	for _, f := range frames {
		p := decoded(f)
		if p.Layer(layers.LayerTypeDot1Q) != nil {
			vlan++
		}
		if dns, ok := p.Layer(layers.LayerTypeDNS).(*layers.DNS); ok && !dns.QR {
			questions[string(dns.Questions[0].Name)]++
		}
		if tcp, ok := p.Layer(layers.LayerTypeTCP).(*layers.TCP); ok && tcp.DstPort == 80 {
			if line, _, ok := strings.Cut(string(tcp.Payload), " HTTP/1.1\r\n"); ok {
				requests[line]++
			}
		}
	}
	if d := cmp.Diff(questions, texts(t, b.Maps["dns_questions"])); d != "" || len(questions) == 0 {
		t.Errorf("questions: %s", d)
	}
	if d := cmp.Diff(requests, texts(t, b.Maps["http_requests"])); d != "" || len(requests) == 0 {
		t.Errorf("requests: %s", d)
	}
	type seen struct{ Frames, VLAN, IPv4, IPv6, TCP, UDP, DNS, HTTP, Other, Broken uint64 }
	got := sum[seen](t, b.Maps["layers"], 0)
	if got.Frames != uint64(len(frames)) || got.VLAN != vlan || vlan == 0 || got.Broken != 0 {
		t.Errorf("layers %+v, want %d frames, %d tagged, none broken", got, len(frames), vlan)
	}
}

// texts is a map whose keys are texts of 64 bytes.
func texts(t *testing.T, m *skep.Map) map[string]uint64 {
	t.Helper()
	all := map[string]uint64{}
	for k, v := range contents[[64]byte, uint64](t, m) {
		s, _, _ := strings.Cut(string(k[:]), "\x00")
		all[s] = v
	}
	return all
}
