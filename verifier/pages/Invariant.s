; Bounds that contradict each other, under BPF_F_TEST_REG_INVARIANTS.
;
; Linux keeps bounds of every number in several forms, and on some paths that
; cannot be taken they come to contradict each other. It forgets them then, but
; under the flag, which is for tests of the verifier, refuses with EFAULT and "REG
; INVARIANTS VIOLATION".
;
; skep keeps its forms in agreement and ends such paths, so no program meets this
; code. It is kept for verdicts of Linux.
