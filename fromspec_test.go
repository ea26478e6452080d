package skep_test

import (
	"testing"

	"github.com/cilium/ebpf"

	"github.com/skepbpf/skep"
)

// loadFirewall is what bpf2go generates for an object called firewall.
func loadFirewall() (*ebpf.CollectionSpec, error) {
	return ebpf.LoadCollectionSpec("examples/firewall/firewall.bpf.o")
}

func TestSpecsOfGeneratedCodeRun(t *testing.T) {
	t.Parallel()
	theirs, err := loadFirewall()
	if err != nil {
		t.Fatal(err)
	}
	if err := theirs.Variables["burst"].Set(uint64(1)); err != nil {
		t.Fatal(err)
	}
	spec, err := skep.FromSpec(theirs)
	if err != nil {
		t.Fatal(err)
	}
	var objs struct {
		Firewall *skep.Program `ebpf:"firewall"`
		Totals   *skep.Map     `ebpf:"totals"`
	}
	if err := spec.LoadAndAssign(&objs, nil); err != nil {
		t.Fatal(err)
	}
	defer objs.Firewall.Close()
	defer objs.Totals.Close()
	pkt := make([]byte, 64)
	copy(pkt[12:], []byte{0x08, 0x00, 0x45, 0, 0, 50, 0, 0, 0, 0, 64, 17, 0, 0, 192, 0, 2, 9})
	for _, want := range []uint32{2, 1} { // the burst is used up after one packet
		got, err := objs.Firewall.Run(&skep.RunOptions{Data: pkt})
		if err != nil || got != want {
			t.Fatalf("verdict %d, want %d: %v", got, want, err)
		}
	}
}
