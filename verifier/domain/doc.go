// Package domain is the arithmetic of what is known about a 64-bit value: it
// turns an operation on values into the same operation on sets of values.
//
// A Scalar stands for the set of all 64-bit numbers that agree with its known
// bits and lie in its four ranges: signed and unsigned, of the whole and of
// the lower half.
//
// The one invariant: no operation loses a member. If x is in a and y is in b,
// then the machine's result of x op y is in a op b. How much is lost otherwise
// is part of Linux's contract, because verdicts depend on it: the results are
// those of Linux 6.18.
//
// The package knows neither registers nor instructions nor pointers.
package domain
