// Package verifier proves that a program is safe by the rules of Linux 6.18,
// or says why not.
package verifier
