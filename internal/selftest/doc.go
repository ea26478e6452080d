// Package selftest knows what the loaders of the kernel's selftests do to a
// program between its object and bpf(2): flags that decl tags ask for, sizes of
// maps that user space sets, types of programs whose section names none.
//
// Its one invariant: it never changes the program that it is given.
package selftest
