// Package verifier turns an image.Program into a Program, the only thing that
// vm runs, or into an Error: it proves that the program is safe by the rules of
// Linux 6.18, or says why not.
//
// # The algorithm
//
// Verify runs the phases in verifier.go in order. The static ones find
// functions, jumps, loops and the registers that are live at each instruction.
// Then the entry, and each global function on its own, is walked: from its first
// instruction, with what is known of its arguments, along every path. A state
// holds what is known of each register and each byte of stack in all frames. An
// instruction first demands something of the state (require_*.go), then changes
// it (transfer_*.go). A jump whose outcome is not known forks the state: one
// side waits in a queue, and both learn from the condition (refine.go).
//
// Paths are too many to walk them all, so states are kept at the targets of
// jumps. A path that comes to an instruction in a state that a kept one covers
// ends there (prune.go). To cover means: equal, but for what no path from here
// reads (flow.go for registers, liveness.go for the stack), and for scalars whose
// exact value no path relied on. Which scalars are relied on is found by walking
// back from where they are, along the path's history (precision.go,
// backstep.go). A state that is covered by one on its own path is a loop: without
// progress it is endless; iterators, callbacks and may_goto may come back, and
// their states are closed when they have settled (loop.go).
//
// # The files
//
//	verifier.go program.go fact.go   the phases, what is proven, the facts for lowering
//	cfg.go flow.go stackdepth.go     functions, jumps, loops, live registers, depth of stack
//	state.go regtype.go              registers, stack slots, frames, states
//	explore.go                       the queue of paths, the budget
//	require_*.go                     what must hold: arithmetic, memory, contexts, calls, kfuncs
//	transfer_*.go stack.go           what holds afterwards: arithmetic, jumps, memory, frames, calls
//	refine.go                        what a branch teaches
//	prune.go loop.go liveness.go     is this state covered; loops; live stack slots
//	precision.go backstep.go         walking back for precise scalars
//	refs.go irq.go                   references, locks, RCU, preemption, interrupts
//	dynptr.go iterator.go callback.go subarg.go  objects on the stack, bodies run by helpers, global functions
//	raw.go                           memory and its length, for programs that are skep's own
//	sandbox.go speculate.go          users with few capabilities; paths that only a processor takes
//	btf.go fields.go ksym.go kfunc.go attach.go ctxarg.go tracepoint.go  types: kernel's, maps', arguments'
//	numbers.go join*.go upper.go     numbers for code generation: a pass of its own, without pruning
//	log.go log*.go                   the log in the kernel's format
//	reject.go walk.go                the reasons, the record of a walk
//
// # Invariants
//
// The verifier proves and never rewrites. It neither panics nor hangs on any
// input, and its budget of instructions bounds its memory. A verdict depends on
// the image, the options and the kernel types alone. Scalars are package domain's,
// which knows no registers. Message texts are Linux's, so that tools and people
// find them; codes are ours and stable.
package verifier
