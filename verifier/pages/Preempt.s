; A preemption section misused.
;
; Pair bpf_preempt_disable with bpf_preempt_enable on every path.
