# Every directive once, in the ways it may be written.
.endian big
.license "GPL"

.map hits   BPF_MAP_TYPE_PERCPU_HASH key=0x10 value=8 entries=1024 flags=no_prealloc|BPF_F_ZERO_SEED|0x40000000 pin tag="seen by all"
.map outer  array_of_maps key=4 value=4 entries=2 inner=hits     // a map of its own
.map other  13 key=4 value=4 entries=2
.inner "an inner" 2 key=4 value=1 entries=1
.map progs  prog_array key=4 value=4 entries=2 extra=0xffffffffffff numa=1
.map .rodata array key=4 value=16 entries=1 section=.rodata flags=rdonly_prog frozen
.map ops    struct_ops struct_ops="tcp_congestion_ops" noauto
.elem outer u32 1 = map hits
.elem progs u32 0 = prog second ; by its name
.elem .rodata u32 0 = u8 1 u8 -1 u16 0x203 u32 5 zero 2 "\"a;#" hex 00FF
.var limit  map=.rodata off=4 size=4 const hidden
.var other  map=.rodata off=8 size=1 weak
.kconfig CONFIG_HZ off=0 size=8 weak
.struct_ops ops link init=first
.kfunc bpf_rcu_read_lock
.kfunc bpf_rcu_read_unlock weak id=12
.ksym jiffies
.ksym runqueues weak id=3

.program first section="?fentry.s/do_unlinkat" version=0x61200 tag="comment:test_expect_success"
    .extern kfunc bpf_rcu_read_lock
    .line "dir/first.c" 12 3 "lock(); /* \"x\" */"
    call bpf_rcu_read_lock
    call bpf_rcu_read_unlock
    .extern typed runqueues weak
    r1 = ksym[runqueues] ll
    r2 = map[hits] ll
    r3 = map[.rodata][4] ll
    call bpf_get_current_pid_tgid#14
    call 5
again: here:
    r1 = visit ll
    call helper_like
    if w0 s> -1 goto again
    if r0 != 0 goto here
    may_goto here
    gotol out
    .line "dir/first.c" 13 0
out: exit

.func visit global
    r0 = 0
    exit
.func helper_like exception_callback
    goto +0x0 <here>
    exit

.program second type=SCHED_CLS attach=tcx_ingress to=eth0 flags=sleepable|0x100 license=Proprietary autoload=no
.use other hits
.kfunc own
    r1 = map[hits] ll
    call own {off=2}
    .slot 9500000000000000
