// Package vm turns what is proven into what runs: it lowers a
// verifier.Program, keeps the run contexts, and defines what an engine and a
// helper are.
//
// Its one invariant: New takes nothing but a verifier.Program; the interpreter's
// unverified door is the only other way in and checks every access. vm knows no
// engine, no helper body and no hook.
//
// # Reading
//
// lower.go and its siblings make an ir.Program of an image and the facts that
// the verifier found. runtime.go holds the run contexts, context.go what one
// run sets up and gives back, ledger.go what a run holds and must not take with
// it, runner.go the budget and the Go context that end runs. engine.go is the
// seam to engines and helpers.
//
// # Budget
//
// Engines count instructions where control goes backwards, by the instructions
// between up to the last jump to the same place, and where a function is
// entered, by its length: never too few. A run that has used up its budget, or
// whose Go context is done, ends with an error; what it held is given back. All
// engines end the same runs. The interpreter ends them at the jump; machine code
// may take what a loop costs before the loop, or look some thousand instructions
// later, and looks at the end once more.
package vm
