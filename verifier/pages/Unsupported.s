; A rule that skep does not have.
;
; skep refuses what it cannot judge rather than accept it unchecked, and the
; message would name the rule. It has every rule of Linux 6.18 that a program
; can meet, so no program meets this code. It is kept for rules of later
; releases.
