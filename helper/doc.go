// Package helper holds the bodies of helpers and kfuncs, one file a family.
// Their prototypes are rows of package abi; a test demands that both agree.
//
// Its one invariant: a body trusts what the verifier proved of its arguments
// and nothing else. It knows no engine and no hook.
package helper
