// Command host compares skep's verifier with those of several kernels: it
// starts a virtual machine for each, gives it seeds, and starts it again behind
// a seed that it dies of.
//
// Its one invariant: it ends well only if every difference has a known reason
// and no machine died. Where a kernel or qemu cannot be had it says so and
// leaves that kernel out.
package main
