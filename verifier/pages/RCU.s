; An RCU section misused.
;
; Pair bpf_rcu_read_lock with bpf_rcu_read_unlock on every path; pointers of
; a section end with it.
