// Package vm turns what is proven into what runs: it lowers a
// verifier.Program, keeps the run contexts, and defines what an engine and a
// helper are.
//
// Its one invariant: New takes nothing but a verifier.Program; the interpreter's
// unverified door is the only other way in and checks every access. vm knows no
// engine, no helper body and no hook.
package vm
