; An invariant of the verifier is broken.
;
; This is a fault of skep, not of the program: two parts of the verifier hold
; different things for true, and it refuses rather than go on. No program is
; known that leads here; fuzzing searches for one. Linux has the same net: it
; prints "verifier bug" and refuses with EFAULT.
;
; Please report it with the object file.
