; An access outside a kernel object's fields.
;
; The access must match a field of the kernel's struct, by offset and size.
