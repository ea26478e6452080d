// Command guest is what runs in a virtual machine of vmfuzz: it tries a row of
// seeds on the kernel there and prints what comes of them.
//
// Its one invariant: a seed is printed before it is tried, so that whoever
// reads knows which one the kernel died of.
package main
