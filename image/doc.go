// Package image is a linked program or collection of programs as pure data:
// what object, asm and filter produce, and what verifier, vm and kernel read.
//
// Its one invariant: an image says all that a load needs and touches nothing;
// no files, no descriptors, no addresses. References from instructions go by
// index into the program's own tables, so that an image is the same on every
// machine.
package image
