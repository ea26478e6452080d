; An iterator misused.
;
; Call new, next and destroy on one stack slot, in this order, with destroy
; on every path.
