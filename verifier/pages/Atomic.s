; An atomic operation that does not exist or on memory that has none.
;
; Atomic operations work on 4 or 8 aligned bytes of the stack, map values,
; arenas and memory from helpers. The context is no memory, and packets and
; kernel objects are not the program's own.
;
; Count in a map: __sync_fetch_and_add(&value->n, 1) on what
; bpf_map_lookup_elem returned, or a per-CPU map, which needs no atomic
; operation.
;
; Linux answers EACCES:
;     BPF_ATOMIC stores into R1 ctx is not allowed

.license "GPL"

.program rejected section=tc
    r2 = 1
    lock *(u32 *)(r1 +8) += r2    ; skb->mark
    r0 = 0
    exit

.program mended section=tc
    r2 = *(u32 *)(r1 +8)
    r2 += 1
    *(u32 *)(r1 +8) = r2
    r0 = 0
    exit
