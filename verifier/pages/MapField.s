; A special field of a map value misused.
;
; Locks, timers, lists and trees in a map value are touched only by their
; own helpers.
