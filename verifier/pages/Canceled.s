; The caller gave up.
;
; The context given to verifier.Verify ended before the verdict, by a deadline
; or because the user interrupted skep verify. Nothing is said about the
; program. It is the caller's doing, so no program can meet it. Linux gives
; EAGAIN when a signal arrives during BPF_PROG_LOAD, and loaders try again.
;
; Give more time, or find out with skep verify --stats why the program needs
; so much.
