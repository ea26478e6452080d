// Package mem is memory outside the Go heap: mappings with stable addresses
// that generated code and programs point into, and the few conversions
// between such addresses and Go values.
//
// Its one invariant: an Addr is never an address of Go memory.
package mem
