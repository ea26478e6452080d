// Package abi is the contract between a program and Linux, as data: program
// types and their sections, attach types, context layouts, return ranges, map
// types, flags, helper and kfunc prototypes, error numbers.
//
// The release meant is Linux 6.18; every row that is newer says so in its
// Since. The package's one invariant: tables only. It imports nothing of skep
// and holds no code that acts on a program.
package abi
