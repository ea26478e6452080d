// Package difftest holds accepted programs to what the verifier said of them.
//
// A Check runs a program behind the interpreter's unverified door, where every
// access is checked, and follows the run through the record of the walk
// (verifier.Walk): at each step every register and every byte of stack must be
// one of those that a visit's state stands for. Where a path ended because an
// earlier state covered it, the run goes on in that state, and what did not bind
// there may have any value until it is computed anew (flow.go). It may never be
// what an access goes through.
//
//	world.go   what a program runs in: maps, context, packet, by a seed
//	follow.go  the run's way through the walk
//	flow.go    where values that nothing binds go
//	member.go  is this register one of those?
//	facts.go   what lowering and the engines rely on
//	check.go   all of it for one program
//	engines.go do all engines end a run alike?
//
// Its one invariant: it believes nothing of the verifier that it could look up
// in the machine. What the machine cannot tell, kernel objects above all, is
// counted as unresolved and named.
package difftest
