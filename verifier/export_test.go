package verifier

// AnewNumbers runs the pass again, for benchmarks.
func (p *Program) AnewNumbers() *Numbers { return join(p) }
