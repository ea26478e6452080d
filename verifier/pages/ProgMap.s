; A map that the program type must not use.
;
; See the program type for the maps that it may use.
