// Command suite measures the benchmark programs on skep's engines, as native C,
// and in the running kernel, and prints each as a ratio to the kernel's JIT.
//
//	go run ./internal/bench/suite                                   all of it
//	go run ./internal/bench/suite -run siphash -engines jit,kernel -ms 300
//	go run ./internal/bench/suite -run '^(array|percpu)$' -engines interp,jit
//
// It runs from the module's root. Engines take turns in chunks of about 2 ms, and
// so does an empty run of each, whose time is taken off; the lower tenth of the
// chunks counts. So ratios mean something on a machine with other things to
// do, and nanoseconds do not.
//
// native needs clang, kernel needs bpf(2) and root: where they are missing the
// command says so and leaves them out. It fails if results differ. With -check it
// fails where a target of the table is missed.
package main
