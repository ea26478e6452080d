// Package bench measures programs: an object's function run, again and again on
// one packet, after its function init has filled the maps. The suite of this
// folder's progs is run by the command below it, internal/bench/suite.
//
// Its one invariant: what is timed is the runs and nothing else. It knows
// nothing of what a program computes.
package bench
