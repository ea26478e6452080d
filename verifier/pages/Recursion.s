; The call graph has a cycle.
;
; Turn the recursion into a loop, with a stack of your own if it needs one.
