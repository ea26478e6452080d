; BTF that is missing or does not fit.
;
; BTF tells the verifier the types of functions, map values and kernel
; objects. This says that something needs a type that is not there: a kernel
; variable that the kernel's BTF does not have, a function without BTF, a
; struct whose size cannot be told.
;
; Compile with -g, and do not strip .BTF ("strip -g" keeps it). Give skep the
; types of the kernel that is meant: --btf /sys/kernel/btf/vmlinux. A kernel
; variable that may be missing is declared __weak, and its address compared
; with NULL. Of a missing one libbpf says itself: "extern (var ksym) 'x': not
; found in kernel BTF".
;
; Linux answers ENOENT:
;     ldimm64 failed to find the address for kernel symbol 'no_such_variable'.

.license "GPL"
.ksym no_such_variable
.ksym perhaps weak

.program rejected section=xdp
    r1 = ksym[no_such_variable] ll
    r0 = 1
    exit

.program mended section=xdp
    r1 = ksym[perhaps] ll     ; 0 where the kernel does not have it
    r0 = 1
    exit
