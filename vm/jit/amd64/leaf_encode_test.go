package amd64

// everyOfLeaves is every for the instructions of leaf routines.
func everyOfLeaves(f func(emit func(e *encoder))) {
	pairs := [][2]reg{{rax, rcx}, {rbx, r8}, {rsi, rdi}, {r10, r15}, {r11, rdx}}
	for _, p := range pairs {
		a, b := p[0], p[1]
		f(func(e *encoder) { e.testRI8(a, 1) })
		f(func(e *encoder) { e.testRI8(b, 64) })
		f(func(e *encoder) { e.btRR(a, b) })
		f(func(e *encoder) { e.cmovRR(condE, a, b) })
		f(func(e *encoder) { e.cmovRR(condA, b, a) })
		f(func(e *encoder) { e.aluRM(true, and, a, b, 8) })
		f(func(e *encoder) { e.aluRM(false, xor, b, a, 256) })
		for _, size := range []int{1, 2, 4, 8} {
			f(func(e *encoder) { e.cmpRM(size, a, b, 16) })
			f(func(e *encoder) { e.cmpRM(size, b, a, 512) })
		}
	}
	f(func(e *encoder) { e.stc() })
	f(func(e *encoder) { e.clc() })
}
