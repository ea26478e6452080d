// Package opt makes a lowered program cheaper for machines: calls give way to
// what they call (expand.go, inline*.go), then passes over a graph of blocks
// replace operations by fewer or better ones, some of which only they make
// (ir.Spend and what follows it).
//
// The widest of them numbers values (values.go, simplify.go): a walker goes along
// the ways of control, knows which register holds which value, and writes each
// instruction as the cheapest that gives the same (forward.go, rewrite*.go).
// Constants and copies, rotates, wide loads and stores, what is in a register
// and in memory all come out of that. Sums of ones (popcnt.go) are found in what
// it leaves.
//
// Its one invariant: an optimised program does the same as the lowered one to
// everything that a run can see: memory, helpers and their arguments, the
// result, and the fuel that loops and calls cost. Each pass can be left out by
// a bit of emit.Opt.
package opt
