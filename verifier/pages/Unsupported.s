; A rule that is not there.
;
; skep refuses what it cannot judge. The message names the rule.
