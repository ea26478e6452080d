; Bounds that contradict each other, under BPF_F_TEST_REG_INVARIANTS.
;
; The flag is for tests of the verifier: without it the bounds are given up
; instead.
