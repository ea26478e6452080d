; The states kept for comparison take too much memory.
;
; The verifier keeps a state at many jumps, to recognise paths that it has
; walked. Under BPF_F_TEST_STATE_FREQ it keeps one at every chance, and a long
; loop then fills the memory. Linux keeps the same states and more bytes for
; each; it fails with ENOMEM when the machine's memory is used up.
;
; Load the program without this flag, which is meant for tests of the
; verifier.
