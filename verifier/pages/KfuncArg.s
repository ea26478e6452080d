; An argument of a kernel function of the wrong type.
;
; Compare with the kernel's prototype; trusted pointers must come from a
; source that the verifier trusts.
