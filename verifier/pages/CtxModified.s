; An access through a changed context pointer.
;
; An access to the context is rewritten according to its offset, which must
; therefore be known where it stands: in the instruction, not in a register.
; Linux takes a constant added to the pointer with some types and operations
; only; a variable offset with none.
;
; Keep the pointer as it was given, and write ctx->field. If the compiler computes
; an address of two fields, __builtin_preserve_access_index or a barrier_var(ctx)
; between the two accesses stops it.
;
; Linux answers EACCES:
;     dereference of modified ctx ptr R1 off=4 disallowed

.license "GPL"

.program rejected section=socket
    r1 += 4
    r0 = *(u32 *)(r1 +0)
    exit

.program mended section=socket
    r0 = *(u32 *)(r1 +4)
    exit
