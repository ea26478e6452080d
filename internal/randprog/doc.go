// Package randprog makes structured random programs: a seed, or the bytes of a
// fuzzer, become an image.Program of a random type. It exists so that the
// verifier, the engines and kernels can be compared on programs that nobody
// wrote.
//
// The generator keeps a rough model of the registers and the stack as it writes
// (model.go), so that a program mostly does what its types allow: it checks
// pointers for NULL, bounds what it indexes with, releases what it acquired. It
// errs on purpose now and then, and changes some instructions at the end
// (mutate.go), so that about half of the programs are accepted and many of the
// others lie a step beyond the line.
//
// Its one invariant: a program depends on the seed and the options alone, and
// every instruction in it is legally encoded. It knows nothing of the verifier,
// whose opinion it is there to test.
package randprog
