; The states kept for comparison take too much memory.
;
; The verifier keeps a state at many jumps, to recognise paths that it has
; walked. A long loop whose states all differ fills the memory when one is kept
; in every turn: at each may_goto, and under BPF_F_TEST_STATE_FREQ at every
; chance. Linux keeps the same states and more bytes for each; it ends at the
; limit on instructions, or with ENOMEM when the machine's memory is used up.
;
; Let an iterator or may_goto alone end the loop, without a counter that is
; compared with a constant: such a loop's states converge. Load the program
; without the flag, which is meant for tests of the verifier. As a library,
; Options.MaxMemory sets the limit.
