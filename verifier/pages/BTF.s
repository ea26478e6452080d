; BTF that is missing or does not fit.
;
; Compile with -g; the map or function needs types.
