// Package helper holds the bodies of helpers and kfuncs, one file a family.
//
// Prototypes are in package abi, and the verifier has checked every argument
// against them before a body runs; bodies check what the kernel's bodies check
// at run time and answer with its error numbers. The package's one invariant:
// what a body learns from outside comes through vm.Context, so that a run can
// be repeated. It must not know engines or the verifier.
package helper
