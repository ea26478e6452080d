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
	verdict, _, err := coll.Programs["firewall"].Test(packet)
	if err != nil {
		log.Fatal(err)
	}

	var blocked []struct{ Packets, Bytes uint64 } // one value a CPU
	if err := coll.Maps["verdicts"].Lookup(uint32(1), &blocked); err != nil {
		log.Fatal(err)
	}
	sum := uint64(0)
	for _, b := range blocked {
		sum += b.Packets
	}
	fmt.Println("verdict", verdict, "blocked", sum)
	// Output: verdict 1 blocked 1
}
