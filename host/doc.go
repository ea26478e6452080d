// Package host is everything that a program can learn from outside its maps
// and context: clocks, random numbers, the current task, trace output.
//
// It holds the interface, the real host and a deterministic one for tests. Its
// one invariant: a program's result depends on nothing else, so a run under
// the deterministic host can be repeated. It knows nothing of programs.
package host
