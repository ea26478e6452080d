; A program or attach type that does not exist or does not fit.
;
; See the program type for its attach types, and the kernel's BTF for the
; target.
