; Arena memory misused.
;
; An arena is memory that a program shares with user space. Its pointers have
; two forms, the program's and user space's, and clang casts from one to the
; other (addr_space_cast). The cast is possible only in a program that refers
; to an arena map, since the map says where the memory lies.
;
; Declare the map (BPF_MAP_TYPE_ARENA) and use it in the program that follows
; such pointers; a program that only passes them along needs no cast.
;
; Linux answers EINVAL:
;     addr_space_cast insn can only be used in a program that has an associated arena

.license "GPL"
.map arena arena entries=1 flags=mmapable

.program rejected section=syscall
    r1 = 4096
    r1 = addr_space_cast(r1, 0, 1)
    r0 = 0
    exit

.program mended section=syscall
    r2 = map[arena] ll
    r1 = 4096
    r1 = addr_space_cast(r1, 0, 1)
    r0 = 0
    exit
