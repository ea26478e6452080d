// Package object turns an object file into an image.Collection: it reads
// sections, maps, globals, externs and programs, links the subprograms that
// each program reaches behind its entry, and, in a step of its own, fits a
// collection to a target kernel.
//
// Its one invariant: reading an object gives the same collection on every
// machine. What depends on a kernel (CO-RE, configuration, symbols) is done by
// Resolve against an explicit Target. The rules are those of libbpf 1.x: what
// libbpf opens, this package opens. It knows neither verifier nor engines.
package object
