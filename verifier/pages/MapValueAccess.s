; The address of a variable outside of its map's value.
;
; A global variable lives in the value of an array map of one element (.data,
; .bss, .rodata), and an instruction loads its address as that map and an
; offset. The offset must lie inside of the value. Accesses that leave a map's
; value when the program runs have the code MemAccess.
;
; Linkers write correct offsets. Look for a map whose value was made smaller
; after the object was linked, or for instructions made by hand.
;
; Linux answers EINVAL:
;     invalid access to map value pointer, value_size=8 off=8

.map values array key=4 value=8 entries=1

.program rejected section=socket
    r1 = map[values][8] ll    ; the value ends here
    r0 = 0
    exit

.program mended section=socket
    r1 = map[values][0] ll
    r0 = 0
    exit
