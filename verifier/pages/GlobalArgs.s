; Arguments that do not fit a global function's prototype.
;
; A global function is verified alone: its arguments must be numbers,
; contexts, or pointers to types of known size, and calls must match. Make
; it static to have it verified with its callers.
