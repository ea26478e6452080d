// Package interp is the reference engine: it runs lowered programs one
// instruction after the other, on every platform, and its plain switch is the
// meaning of package ir's operations.
//
// It has two loops. That of verified programs uses addresses as they are. The
// other, behind NewUnverified, is the only way to run a program that was not
// verified: its one invariant is that no access leaves the regions it was
// given. It must not know the JIT.
package interp
