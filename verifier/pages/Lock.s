; Locks taken or given back in the wrong place.
;
; One lock at a time, given back on every path in the function that took it,
; with no calls while it is held.
