// Package vmfuzz compares skep's verifier with the kernel's on random programs:
// it asks both about the program of a seed, names the class of a difference,
// and makes the program small.
//
// It only ever asks the kernel that it runs on, so it belongs into a virtual
// machine: guest is the program that runs there, host starts the machines and
// judges what they print. skep follows Linux 6.18; what is known to differ in
// other releases stands in known.go, each with its reason, and everything else
// is a bug in skep until shown otherwise. Its one invariant: a seed gives the
// same program on both sides of the machine.
package vmfuzz
