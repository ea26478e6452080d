; A loop that makes no progress.
;
; The verifier came back to an instruction in a state that it had been in
; before, so the loop would never end. Programs run where nothing can stop
; them.
;
; Make the counter change on every turn and the exit depend on it. Waiting for
; another CPU by a loop is not possible; a loop whose end the verifier cannot
; see can be made with bpf_loop, bpf_for, or "while (... && can_loop)".
;
; Linux answers EINVAL:
;     infinite loop detected at insn 1

.license "GPL"

.program rejected section=socket
    r6 = 0
again:
    if r6 == 0 goto again     ; r6 never changes
    r0 = 0
    exit

.program mended section=socket
    r6 = 0
again:
    r6 += 1
    if r6 < 10 goto again
    r0 = 0
    exit
