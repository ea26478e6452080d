; A global function that cannot be verified or called.
;
; Global functions return a number and must be safe for every argument.
