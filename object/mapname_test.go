package object

import "testing"

func TestKernelMapName(t *testing.T) {
	t.Parallel()
	for _, c := range [][3]string{
		{"drop.bpf.o", ".bss", "drop.bss"},
		{"a_rather_long_name.bpf.o", ".bss", "a_rather.bss"},
		{"a_rather_long_name.bpf.o", ".rodata", "a_rather.rodata"},
		{"a_rather_long_name.bpf.o", ".kconfig", "a_rathe.kconfig"},
		{"a_rather_long_name.bpf.o", ".data.locks", ".data.locks"},
		{"a_rather_long_name.bpf.o", ".rodata.str1.1.long", ".rodata.str1.1.long"},
		{"two-words.o", ".data", "two_word.data"},
		{"", ".bss", ".bss"},
	} {
		if got := kernelMapName(c[0], c[1]); got != c[2] {
			t.Errorf("%s of %s: %q, want %q", c[1], c[0], got, c[2])
		}
	}
}
