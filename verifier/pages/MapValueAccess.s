; An access outside a map's value.
;
; The offset in the address of a global variable must lie inside the value
; of its map. Accesses that leave a value at run time have the code
; MemAccess.

.map values array key=4 value=8 entries=1
.program rejected section=socket
    r1 = map[values][8] ll
    r0 = 0
    exit
