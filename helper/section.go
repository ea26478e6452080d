package helper

import (
	"github.com/skepbpf/skep/internal/mem"
	"github.com/skepbpf/skep/vm"
)

// Sections that the kernel needs and user space has anyway: a run keeps its
// virtual CPU, and memory that it can reach stays until it ends.
var sectionKrows = []krow{
	{"bpf_rcu_read_lock", nothing},
	{"bpf_rcu_read_unlock", nothing},
	{"bpf_preempt_disable", nothing},
	{"bpf_preempt_enable", nothing},
	{"bpf_local_irq_save", func(_ *vm.Context, flags, _, _, _, _ uint64) uint64 {
		*mem.Addr(flags).U64() = 0
		return 0
	}},
	{"bpf_local_irq_restore", nothing},
	{"bpf_rdonly_cast", func(_ *vm.Context, p, _, _, _, _ uint64) uint64 { return p }},
}

func nothing(*vm.Context, uint64, uint64, uint64, uint64, uint64) uint64 { return 0 }
