; Bpf_throw or its callback misused.
;
; bpf_throw needs no locks or references held; its callback is a global
; function of one number.
