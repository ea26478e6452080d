// Package ir is the lowered program as data: what engines run, and the layouts
// of contexts and maps that engines may inline accesses to.
//
// Lowering has done everything that is not one machine operation: context
// accesses became loads and stores at native offsets, map references became
// addresses, dead code is gone, jump targets are indices into the lowered
// array. Its one invariant: an engine needs nothing but this package's values
// and vm's calls to run a program. It holds no code that acts.
package ir
