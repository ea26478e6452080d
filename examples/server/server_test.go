package main

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/skepbpf/skep"
)

func TestServerAsksItsPlugin(t *testing.T) {
	t.Parallel()
	in := `192.0.2.1 /
192.0.2.1 /static/logo.png
192.0.2.1 /admin
10.1.2.3 /admin/users
192.0.2.1 /a/../admin
192.0.2.1 static
192.0.2.1 /a` + "\x01" + `
192.0.2.1 /` + strings.Repeat("x", 128) + "\n"
	want := `192.0.2.1 /: allow, class 2
192.0.2.1 /static/logo.png: allow, class 1
192.0.2.1 /admin: deny
10.1.2.3 /admin/users: allow, class 2
192.0.2.1 /a/../admin: deny
192.0.2.1 static: deny
192.0.2.1 /a` + "\x01" + `: deny
192.0.2.1 /` + strings.Repeat("x", 128) + ": deny\n"
	for _, engine := range []skep.Engine{"", skep.EngineInterp} {
		var out strings.Builder
		if err := serve("../policy/policy.bpf.o", engine, strings.NewReader(in), &out); err != nil {
			t.Fatal(err)
		}
		if out.String() != want {
			t.Errorf("engine %q:\n%s\nwant\n%s", engine, out.String(), want)
		}
	}
}

func TestClientsAreLimited(t *testing.T) {
	t.Parallel()
	p, err := load("../policy/policy.bpf.o", "")
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	var said [3]int
	for range 100 {
		v, _, err := p.ask(netip.MustParseAddr("192.0.2.9"), "/")
		if err != nil {
			t.Fatal(err)
		}
		said[v]++
	}
	if said[1] < 20 || said[1] > 30 || said[2] != 100-said[1] {
		t.Errorf("100 requests at once: %v", said)
	}
	if v, _, err := p.ask(netip.MustParseAddr("192.0.2.10"), "/"); v != 1 || err != nil {
		t.Errorf("another client: %d, %v", v, err)
	}
	// Memory shorter than what its own header says.
	m := p.runner.Memory()
	copy(m, []byte{1, 2, 3, 4, 100, 0, 0, 0, '/'})
	for n := range 20 {
		if v, err := p.runner.RunMemory(m[:n]); v != 0 || err != nil {
			t.Errorf("%d bytes: %d, %v", n, v, err)
		}
	}
	var malformed uint64
	if err := p.coll.Variables["malformed"].Get(&malformed); err != nil || malformed != 20 {
		t.Errorf("%d malformed requests, want 20: %v", malformed, err)
	}
}

func BenchmarkAsk(b *testing.B) {
	p, err := load("../policy/policy.bpf.o", "")
	if err != nil {
		b.Fatal(err)
	}
	defer p.close()
	client := netip.MustParseAddr("192.0.2.9")
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := p.ask(client, "/index.html"); err != nil {
			b.Fatal(err)
		}
	}
}
