; An invariant of the verifier is broken.
;
; This is a fault of skep, not of the program. Please report it with the
; object.
