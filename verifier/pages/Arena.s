; Arena memory misused.
;
; One arena for each program, and pointers to it cast before use.
