; An access through something that is no pointer to memory.
;
; The register holds a number, not a pointer, or its pointer has become
; invalid: after a helper that changes the packet, after the release of an
; object. In tracing programs read foreign memory with bpf_probe_read_kernel
; or through CO-RE.

.license "GPL"
.program rejected section=socket
    r1 = 64
    r0 = *(u64 *)(r1 +0)
    exit
