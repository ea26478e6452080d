package skep_test

import (
	"fmt"
	"log"

	"github.com/skepbpf/skep"
)

// Loads an object, runs its XDP program on a packet, and reads a counter that
// the program keeps in a map.
func Example() {
	coll, err := skep.LoadCollection("examples/firewall/firewall.bpf.o")
	if err != nil {
		log.Fatal(err)
	}
	defer coll.Close()

	packet := make([]byte, 64) // IPv4, UDP, from 203.0.113.7
	copy(packet[12:], []byte{0x08, 0x00, 0x45, 0, 0, 50, 0, 0, 0, 0, 64, 17, 0, 0, 203, 0, 113, 7})
	verdict, _, err := coll.Programs["firewall"].Test(packet) // 1: XDP_DROP
	if err != nil {
		log.Fatal(err)
	}

	type count struct{ Packets, Bytes uint64 }
	var totals []struct{ Passed, Blocked, Limited, Broken count } // one a CPU
	if err := coll.Maps["totals"].Lookup(uint32(0), &totals); err != nil {
		log.Fatal(err)
	}
	blocked := uint64(0)
	for _, t := range totals {
		blocked += t.Blocked.Packets
	}
	fmt.Println("verdict", verdict, "blocked", blocked)
	// Output: verdict 1 blocked 1
}
