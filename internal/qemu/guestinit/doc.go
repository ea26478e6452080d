// Command guestinit is the first process of a virtual machine of package qemu: it
// mounts what programs expect, runs /test with the arguments in /args, prints
// its exit code and turns the machine off.
//
// Its one invariant: the machine ends, whatever the program does.
package main
