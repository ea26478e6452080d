// Command skep loads, verifies and runs eBPF programs in user space, without
// root and without a kernel.
//
//	skep run FILE --pcap traffic.pcap   verify, run on packets, show maps and events
//	skep verify FILE...                 verdicts by the rules of Linux 6.18
//	skep test FILE...                   expectations written in the object, as the selftests have
//	skep dump FILE                      instructions with C lines, maps, BTF, proven facts, or machine code
//	skep asm FILE.s                     assemble text and print the slots
//	skep bench FILE                     how long a run takes
//	skep plugin [MEMORY]                run raw bytes from standard input
//
// The result goes to standard output and the reason of a failure to standard
// error. The exit code is 0 when done, 1 when refused or failed, 2 for wrong
// usage and 3 when the environment lacks something.
package main

// manual is what skep --help prints first.
const manual = `skep loads, verifies and runs eBPF programs in user space, without root and
without a kernel.

Examples:
  skep run examples/firewall/firewall.bpf.o --pcap examples/firewall/traffic.pcap
  skep verify --json prog.bpf.o
  skep explain MaybeNull
  skep explain "invalid access to packet, off=0 size=14"
  skep verify --stats prog.bpf.o
  skep dump prog.bpf.o --cfg | dot -Tsvg
  skep bench prog.bpf.o --packet packet.bin

The result goes to standard output and the reason of a failure to standard
error. Exit codes: 0 done, 1 refused or failed, 2 wrong usage, 3 the
environment lacks something.`
