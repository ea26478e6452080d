; Bounds that contradict each other, under BPF_F_TEST_REG_INVARIANTS.
;
; The verifier keeps the bounds of every number in several forms. On a path
; that can never be taken, but that it does not recognise as such, they come
; to contradict each other; it forgets them then and walks on. Under this
; flag, which is for tests of the verifier, it refuses in place of that: with
; EFAULT, and the message below. Which programs meet it depends on how well a
; release keeps its bounds, so there is no example that holds.
;
; Load the program without the flag.
