; A pointer is returned.
;
; A program's result goes to the kernel, which takes it for a number. A static
; function must not return a pointer to its own frame, which is gone then; a
; global one returns numbers only. Tracing programs and struct_ops members
; that are declared to return an object are the exception.
;
; Return a number. A function that fills something in takes a pointer to it.
;
; Linux answers EINVAL:
;     cannot return stack pointer to the caller

.program rejected section=xdp
    call f
    r0 = 2
    exit
.func f
    r0 = r10                  ; the frame ends here
    exit

.program mended section=xdp
    call g
    r0 = 2
    exit
.func g
    r0 = 0
    exit
