// Package execmem is memory for machine code. One arena is mapped twice, once to
// write and once to run, so that no page is ever both; where a system forbids
// that, blocks are written before they become executable.
package execmem
