; An IRQ section misused.
;
; Restore saved IRQ states in the reverse order, each once, on every path.
