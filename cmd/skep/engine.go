package main

import (
	"github.com/spf13/cobra"

	"github.com/skepbpf/skep"
)

// engineFlag adds --engine to a command that runs programs.
func engineFlag(c *cobra.Command, to *string) {
	c.Flags().StringVar(to, "engine", "", "interp or jit (default: jit where there is one for the machine, else interp)")
}

// perfMapFlag adds --perf-map to a command that runs programs.
func perfMapFlag(c *cobra.Command, to *bool) {
	c.Flags().BoolVar(to, "perf-map", false, "name the machine code in /tmp/perf-PID.map, for perf; the file stays behind")
}

// checkEngine refuses names of no engine before anything is loaded.
func checkEngine(name string) error {
	switch skep.Engine(name) {
	case "", skep.EngineInterp, skep.EngineJIT:
		return nil
	}
	return usageErrorf("engine %q: want interp or jit", name)
}
