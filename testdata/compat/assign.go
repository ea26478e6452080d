//go:build ignore

// What bpf2go generates: a struct with tags, constants set before loading,
// variables read afterwards.
package main

import (
	"fmt"
	"log"
	"os"

	"github.com/cilium/ebpf"
)

type objects struct {
	programs
	maps
	variables
}

type programs struct {
	Firewall *ebpf.Program `ebpf:"firewall"`
}

type maps struct {
	Totals  *ebpf.Map `ebpf:"totals"`
	Sources *ebpf.Map `ebpf:"sources"`
}

type variables struct {
	Installed *ebpf.Variable `ebpf:"installed"`
}

func main() {
	spec, err := ebpf.LoadCollectionSpec(os.Args[1] + "/firewall/firewall.bpf.o")
	if err != nil {
		log.Fatal(err)
	}
	if err := spec.Variables["burst"].Set(uint64(1)); err != nil {
		log.Fatal(err)
	}
	spec.Maps["sources"].MaxEntries = 128

	var objs objects
	if err := spec.LoadAndAssign(&objs, &ebpf.CollectionOptions{}); err != nil {
		log.Fatal(err)
	}
	defer objs.Firewall.Close()
	defer objs.Totals.Close()
	defer objs.Sources.Close()

	pkt := make([]byte, 64)
	copy(pkt[12:], []byte{0x08, 0x00, 0x45, 0, 0, 50, 0, 0, 0, 0, 64, 17})
	copy(pkt[26:], []byte{192, 0, 2, 9, 192, 0, 2, 1})
	var verdicts [3]uint32
	for i := range verdicts {
		ret, err := objs.Firewall.Run(&ebpf.RunOptions{Data: pkt})
		if err != nil {
			log.Fatal(err)
		}
		verdicts[i] = ret
	}
	fmt.Println("verdicts", verdicts)

	var installed uint32
	if err := objs.Installed.Get(&installed); err != nil {
		log.Fatal(err)
	}
	fmt.Println("installed", installed, "max", objs.Sources.MaxEntries())

	var (
		key   [16]byte
		value struct{ Due, Passed, Limited uint64 }
		n     int
	)
	it := objs.Sources.Iterate()
	for it.Next(&key, &value) {
		n++
	}
	if err := it.Err(); err != nil {
		log.Fatal(err)
	}
	fmt.Println("sources", n, value.Passed, value.Limited)
}
