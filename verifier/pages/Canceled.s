; The caller gave up.
;
; The context given to Verify ended. The program was not judged.
