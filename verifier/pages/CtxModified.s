; An access through a changed context pointer.
;
; An access to the context is rewritten according to its offset, which must
; therefore be known where it stands: in the instruction, not in a register. A
; constant that was added to the pointer is refused too in nearly all program
; types.
;
; Keep the pointer as it was given, and write ctx->field. Where the compiler
; moves the pointer by itself, to share an address between two fields, clang
; 18 or later with a vmlinux.h of its time does not (preserve_static_offset);
; with others read the field through a volatile pointer.
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
