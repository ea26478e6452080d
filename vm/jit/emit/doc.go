// Package emit is what the code generators of all architectures share: the
// buffer that machine code grows in, its labels, and the description of the
// places where code leaves to Go.
package emit
