; Too many branches wait to be walked.
;
; More than 8192 branches wait at once. Split long sequences of tests into
; functions.
