// Command agreement holds skep's verdicts on every program of a folder of
// objects against those of Linux: recorded ones, or the running kernel's.
//
// Its one invariant: a program that crashes or hangs a verifier costs its own
// answer and no other. Verifiers therefore work in child processes, which begin
// again behind the program that ended them. What differs must be listed in a
// file, with a reason, and what is listed must differ.
package main
