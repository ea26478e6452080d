; A kernel pointer field misused.
;
; Kernel pointers are stored by bpf_kptr_xchg or a checked store, at their
; exact offset.
