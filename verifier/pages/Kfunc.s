; A kernel function that does not exist or is not allowed here.
;
; The function must be in the kernel's BTF and registered for the program
; type.
