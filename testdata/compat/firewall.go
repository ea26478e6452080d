//go:build ignore

// Loads an object, runs its program on a packet, and reads a map.
package main

import (
	"errors"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/ringbuf"
)

type count struct{ Packets, Bytes uint64 }

type totals struct{ Passed, Blocked, Limited, Broken count }

func main() {
	coll, err := ebpf.LoadCollection(os.Args[1] + "/firewall/firewall.bpf.o")
	if err != nil {
		var ve *ebpf.VerifierError
		if errors.As(err, &ve) {
			log.Fatalf("rejected: %+v", ve)
		}
		log.Fatal(err)
	}
	defer coll.Close()

	events, err := ringbuf.NewReader(coll.Maps["events"])
	if err != nil {
		log.Fatal(err)
	}
	defer events.Close()

	// From 203.0.113.7, which the program's rules block.
	pkt := make([]byte, 64)
	copy(pkt[12:], []byte{0x08, 0x00, 0x45, 0, 0, 50, 0, 0, 0, 0, 64, 17})
	copy(pkt[26:], []byte{203, 0, 113, 7, 192, 0, 2, 1})
	ret, out, err := coll.Programs["firewall"].Test(pkt)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("verdict", ret, "bytes", len(out))

	var perCPU []totals
	if err := coll.Maps["totals"].Lookup(uint32(0), &perCPU); err != nil {
		log.Fatal(err)
	}
	var packets uint64
	for _, t := range perCPU {
		packets += t.Blocked.Packets
	}
	fmt.Println("blocked", packets)

	events.SetDeadline(time.Now().Add(time.Second))
	rec, err := events.Read()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("event", len(rec.RawSample) > 0)
	if _, err := events.Read(); !errors.Is(err, os.ErrDeadlineExceeded) {
		log.Fatal("a second event: ", err)
	}
}
