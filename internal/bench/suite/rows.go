package main

// Groups of rows. The compute rows count for the geometric mean.
const (
	compute = "compute"
	calls   = "calls"
	mapped  = "maps"
	packets = "packets"
)

// row is a benchmark: an object of the folder progs.
type row struct {
	name   string
	group  string
	ops    int     // in a run; the figures are of one
	unit   string  // what one is
	inits  int     // runs of init
	native bool    // compiles for the machine, too: no maps, no helpers
	target float64 // the ratio to the kernel that is aimed at, 0 for none
}

// rows are all benchmarks but the empty one.
var rows = []row{
	{name: "fnv", group: compute, ops: 1, unit: "1500 B", native: true, target: 1.10},
	{name: "siphash", group: compute, ops: 1, unit: "1500 B", native: true, target: 1.10},
	{name: "muldiv", group: compute, ops: 1, unit: "100 turns", native: true, target: 1.10},
	{name: "primes", group: compute, ops: 1, unit: "below 1600", native: true, target: 1.10},
	{name: "bits", group: compute, ops: 1, unit: "100 words", native: true, target: 1.10},
	{name: "state", group: compute, ops: 1, unit: "300 B", native: true, target: 1.10},
	{name: "sort", group: compute, ops: 1, unit: "32 numbers", native: true, target: 1.10},
	{name: "matrix", group: compute, ops: 1, unit: "8 by 8", native: true, target: 1.10},
	{name: "checksum", group: compute, ops: 1, unit: "1460 B", native: true, target: 1.10},
	{name: "parse", group: compute, ops: 10, unit: "packet", native: true, target: 1.10},
	{name: "jhash", group: "", ops: 1, unit: "1500 B", native: true, target: 1.10},
	{name: "atomics", group: "", ops: 600, unit: "operation", native: true},
	{name: "calls", group: calls, ops: 600, unit: "call", native: true, target: 0.25},
	{name: "loop", group: calls, ops: 1000, unit: "turn", target: 0.25},
	{name: "foreach", group: calls, ops: 1000, unit: "element", inits: 1, target: 0.25},
	{name: "tailcall", group: calls, ops: 32, unit: "call", target: 0.25},
	{name: "tailcall_fixed", group: "", ops: 32, unit: "call"},
	{name: "array", group: mapped, ops: 1000, unit: "lookup, add", target: 0.8},
	{name: "percpu", group: mapped, ops: 1000, unit: "lookup, add", target: 0.8},
	{name: "atomic_map", group: mapped, ops: 1000, unit: "addition"},
	{name: "hash_hit", group: mapped, ops: 1000, unit: "lookup", inits: 1, target: 0.25},
	{name: "hash_miss", group: mapped, ops: 1000, unit: "lookup", inits: 1, target: 0.25},
	{name: "hash_big", group: mapped, ops: 1000, unit: "lookup", inits: 1000, target: 0.7},
	{name: "hash_update", group: mapped, ops: 1000, unit: "update, delete", inits: 1, target: 0.5},
	{name: "lru", group: mapped, ops: 500, unit: "lookup, insert", target: 0.5},
	{name: "lpm", group: mapped, ops: 1000, unit: "lookup", inits: 1, target: 0.5},
	{name: "ringbuf", group: mapped, ops: 50, unit: "record", target: 0.5},
	{name: "balancer", group: packets, ops: 1, unit: "packet", inits: 1, target: 0.4},
	{name: "firewall", group: packets, ops: 1, unit: "packet", inits: 1, target: 0.4},
}

// Targets for means.
const (
	computeTarget = 0.88
	computeAim    = 0.80
)

// empty is the row that is taken off all others.
var empty = row{name: "empty", ops: 1, unit: "run", native: true}
