package verifier

import "github.com/skepbpf/skep/abi"

// kfFlags are what Linux declares about a kernel function beside its
// prototype.
type kfFlags uint32

// The flags.
const (
	kfAcquire      kfFlags = 1 << iota // returns an object that must be given back
	kfRelease                          // gives one back
	kfRetNull                          // may return NULL
	kfTrusted                          // pointers must be trusted
	kfRCU                              // pointers must be trusted or protected by RCU
	kfRCUProtected                     // must be called under RCU
	kfSleepable                        // may sleep
	kfDestructive                      // may bring the machine down
	kfIterNew
	kfIterNext
	kfIterDestroy
	kfFastcall
	kfChangesPkt
	kfSpinOK // may be called with a lock held
)

// hooks are sets of program types that kernel functions are offered to.
type hooks = abi.ProgSet

const (
	onAll     hooks = 1<<33 - 1
	onTC      hooks = 1 << abi.SchedCLS
	onTracing hooks = 1<<abi.Tracing | 1<<abi.Tracepoint | 1<<abi.PerfEvent | 1<<abi.LSM
	onCgroup  hooks = 1<<abi.CgroupSKB | 1<<abi.CgroupSock | 1<<abi.CgroupDevice | 1<<abi.CgroupSockAddr |
		1<<abi.CgroupSockopt | 1<<abi.CgroupSysctl | 1<<abi.SockOps
	onLWT     hooks = 1<<abi.LWTIn | 1<<abi.LWTOut | 1<<abi.LWTXmit | 1<<abi.LWTSeg6Local
	onGeneric hooks = onTracing | onTC | 1<<abi.XDP | 1<<abi.StructOps | 1<<abi.Syscall | onCgroup
	onMask    hooks = onTracing | 1<<abi.StructOps | 1<<abi.Syscall
	onSKB     hooks = onTC | 1<<abi.SchedACT | 1<<abi.SkSKB | 1<<abi.SocketFilter | onCgroup | onLWT | 1<<abi.Netfilter
	onKprobe  hooks = 1 << abi.Kprobe
)

// kfRow is what is declared of one or more kernel functions.
type kfRow struct {
	flags kfFlags
	progs hooks
	names []string
}

const (
	acquireNull = kfAcquire | kfRetNull
	nextNull    = kfIterNext | kfRetNull
)

// kfRows are the kernel functions of Linux 6.18.
var kfRows = []kfRow{
	{kfDestructive, onGeneric, []string{"crash_kexec"}},
	{acquireNull | kfSpinOK, onGeneric, []string{"bpf_list_pop_front", "bpf_list_pop_back", "bpf_rbtree_remove"}},
	{acquireNull, onGeneric, []string{
		"bpf_obj_new_impl", "bpf_percpu_obj_new_impl", "bpf_cgroup_from_id", "bpf_task_from_pid", "bpf_task_from_vpid",
	}},
	{kfRelease, onGeneric, []string{
		"bpf_obj_drop_impl", "bpf_percpu_obj_drop_impl", "bpf_task_release",
		"bpf_cgroup_release",
	}},
	{acquireNull | kfRCU | kfSpinOK, onGeneric, []string{"bpf_refcount_acquire_impl"}},
	{acquireNull | kfRCU, onGeneric, []string{
		"bpf_task_acquire", "bpf_cgroup_acquire", "bpf_cgroup_ancestor",
		"bpf_task_get_cgroup1",
	}},
	{kfSpinOK, onGeneric, []string{"bpf_list_push_front_impl", "bpf_list_push_back_impl", "bpf_rbtree_add_impl"}},
	{kfRetNull | kfSpinOK, onGeneric, []string{
		"bpf_list_front", "bpf_list_back", "bpf_rbtree_first", "bpf_rbtree_root",
		"bpf_rbtree_left", "bpf_rbtree_right",
	}},
	{kfRCU, onGeneric, []string{"bpf_task_under_cgroup"}},
	{0, onGeneric, []string{"bpf_throw"}},
	{kfTrusted, onGeneric, []string{"bpf_send_signal_task"}},

	{kfFastcall, onAll, []string{"bpf_cast_to_kern_ctx", "bpf_rdonly_cast"}},
	{0, onAll, []string{
		"bpf_rcu_read_lock", "bpf_rcu_read_unlock", "bpf_dynptr_adjust", "bpf_dynptr_is_null",
		"bpf_dynptr_is_rdonly", "bpf_dynptr_size", "bpf_dynptr_clone", "bpf_dynptr_copy", "bpf_dynptr_memset",
		"bpf_wq_init", "bpf_wq_set_callback_impl", "bpf_wq_start", "bpf_preempt_disable", "bpf_preempt_enable",
		"bpf_local_irq_save", "bpf_local_irq_restore", "bpf_get_kmem_cache", "__bpf_trap",
		"bpf_probe_read_user_dynptr", "bpf_probe_read_kernel_dynptr", "bpf_probe_read_user_str_dynptr",
		"bpf_probe_read_kernel_str_dynptr", "bpf_strcmp", "bpf_strcasecmp", "bpf_strchr", "bpf_strchrnul", "bpf_strnchr",
		"bpf_strrchr", "bpf_strlen", "bpf_strnlen", "bpf_strspn", "bpf_strcspn", "bpf_strstr", "bpf_strnstr",
	}},
	{kfTrusted, onAll, []string{
		"bpf_task_work_schedule_signal_impl", "bpf_task_work_schedule_resume_impl",
		"bpf_map_sum_elem_count",
	}},
	{kfTrusted | kfSpinOK, onAll, []string{"bpf_stream_vprintk_impl"}},
	{kfRetNull, onAll, []string{"bpf_dynptr_slice", "bpf_dynptr_slice_rdwr"}},
	{kfIterNew | kfSpinOK, onAll, []string{"bpf_iter_num_new"}},
	{nextNull | kfSpinOK, onAll, []string{"bpf_iter_num_next"}},
	{kfIterDestroy | kfSpinOK, onAll, []string{"bpf_iter_num_destroy"}},
	{kfIterNew, onAll, []string{"bpf_iter_bits_new"}},
	{nextNull, onAll, []string{
		"bpf_iter_bits_next", "bpf_iter_task_next", "bpf_iter_task_vma_next",
		"bpf_iter_css_next", "bpf_iter_css_task_next",
	}},
	{nextNull | kfSleepable, onAll, []string{"bpf_iter_kmem_cache_next", "bpf_iter_dmabuf_next"}},
	{kfIterDestroy, onAll, []string{
		"bpf_iter_bits_destroy", "bpf_iter_task_destroy", "bpf_iter_task_vma_destroy",
		"bpf_iter_css_destroy", "bpf_iter_css_task_destroy",
	}},
	{kfIterDestroy | kfSleepable, onAll, []string{"bpf_iter_kmem_cache_destroy", "bpf_iter_dmabuf_destroy"}},
	{kfIterNew | kfRCU, onAll, []string{"bpf_iter_task_vma_new"}},
	{kfIterNew | kfTrusted, onAll, []string{"bpf_iter_css_task_new"}},
	{kfIterNew | kfTrusted | kfRCUProtected, onAll, []string{"bpf_iter_task_new", "bpf_iter_css_new"}},
	{kfIterNew | kfSleepable, onAll, []string{"bpf_iter_kmem_cache_new", "bpf_iter_dmabuf_new"}},
	{kfSleepable, onAll, []string{
		"bpf_copy_from_user_str", "bpf_copy_from_user_task_str", "bpf_copy_from_user_dynptr",
		"bpf_copy_from_user_str_dynptr",
	}},
	{kfSleepable | kfTrusted, onAll, []string{"bpf_copy_from_user_task_dynptr", "bpf_copy_from_user_task_str_dynptr"}},
	{kfRCU, onAll, []string{"bpf_cgroup_read_xattr"}},
	{kfRetNull | kfSpinOK, onAll, []string{"bpf_res_spin_lock", "bpf_res_spin_lock_irqsave"}},
	{kfSpinOK, onAll, []string{"bpf_res_spin_unlock", "bpf_res_spin_unlock_irqrestore"}},
	{kfTrusted | kfSleepable | kfSpinOK, onAll, []string{
		"bpf_arena_alloc_pages", "bpf_arena_free_pages", "bpf_arena_reserve_pages",
	}},

	{acquireNull, onMask, []string{"bpf_cpumask_create"}},
	{kfRelease, onMask, []string{"bpf_cpumask_release"}},
	{kfAcquire | kfTrusted, onMask, []string{"bpf_cpumask_acquire"}},
	{kfRCU, onMask, []string{
		"bpf_cpumask_first", "bpf_cpumask_first_zero", "bpf_cpumask_first_and", "bpf_cpumask_set_cpu",
		"bpf_cpumask_clear_cpu", "bpf_cpumask_test_cpu", "bpf_cpumask_test_and_set_cpu",
		"bpf_cpumask_test_and_clear_cpu", "bpf_cpumask_setall", "bpf_cpumask_clear", "bpf_cpumask_and", "bpf_cpumask_or",
		"bpf_cpumask_xor", "bpf_cpumask_equal", "bpf_cpumask_intersects", "bpf_cpumask_subset", "bpf_cpumask_empty",
		"bpf_cpumask_full", "bpf_cpumask_copy", "bpf_cpumask_any_distribute", "bpf_cpumask_any_and_distribute",
		"bpf_cpumask_weight", "bpf_cpumask_populate",
	}},

	{kfTrusted, onSKB | onTracing, []string{"bpf_dynptr_from_skb"}},
	{kfTrusted, onTC | 1<<abi.SchedACT, []string{"bpf_dynptr_from_skb_meta"}},
	{0, 1 << abi.XDP, []string{"bpf_dynptr_from_xdp"}},
	{kfChangesPkt, 1 << abi.XDP, []string{"bpf_xdp_pull_data"}},
	{kfTrusted, 1 << abi.XDP, []string{
		"bpf_xdp_metadata_rx_timestamp", "bpf_xdp_metadata_rx_hash",
		"bpf_xdp_metadata_rx_vlan_tag",
	}},
	{acquireNull, 1 << abi.XDP, []string{"bpf_xdp_get_xfrm_state"}},
	{kfRelease, 1 << abi.XDP, []string{"bpf_xdp_xfrm_state_release"}},
	{kfTrusted, onCgroup, []string{"bpf_sock_addr_set_sun_path", "bpf_sock_ops_enable_tx_tstamp"}},
	{kfTrusted, onTracing, []string{"bpf_sock_destroy"}},
	{kfTrusted, onTC, []string{"bpf_sk_assign_tcp_reqsk"}},
	{0, onTC | 1<<abi.SchedACT | 1<<abi.XDP, []string{
		"bpf_skb_set_fou_encap", "bpf_skb_get_fou_encap",
		"bpf_skb_set_xfrm_info", "bpf_skb_get_xfrm_info",
	}},
	{acquireNull, onTC | 1<<abi.XDP, []string{
		"bpf_xdp_ct_alloc", "bpf_xdp_ct_lookup", "bpf_skb_ct_alloc",
		"bpf_skb_ct_lookup",
	}},
	{acquireNull | kfRelease, onTC | 1<<abi.XDP, []string{"bpf_ct_insert_entry"}},
	{kfRelease, onTC | 1<<abi.XDP, []string{"bpf_ct_release"}},
	{kfTrusted, onTC | 1<<abi.XDP, []string{
		"bpf_ct_set_timeout", "bpf_ct_change_timeout", "bpf_ct_set_status",
		"bpf_ct_change_status", "bpf_ct_set_nat_info",
	}},
	{acquireNull | kfSleepable, onTracing | 1<<abi.Syscall, []string{"bpf_lookup_user_key", "bpf_crypto_ctx_create"}},
	{acquireNull, onTracing | 1<<abi.Syscall, []string{"bpf_lookup_system_key"}},
	{kfRelease, onTracing | 1<<abi.Syscall, []string{"bpf_key_put"}},
	{kfSleepable, onTracing | 1<<abi.Syscall, []string{"bpf_verify_pkcs7_signature"}},
	{kfRelease, onTC | 1<<abi.XDP | 1<<abi.Syscall, []string{"bpf_crypto_ctx_release"}},
	{acquireNull | kfRCU, onTC | 1<<abi.XDP | 1<<abi.Syscall, []string{"bpf_crypto_ctx_acquire"}},
	{kfRCU, onTC | 1<<abi.XDP, []string{"bpf_crypto_encrypt", "bpf_crypto_decrypt"}},
	{acquireNull | kfSleepable | kfTrusted, 1 << abi.LSM, []string{"bpf_get_task_exe_file"}},
	{kfRelease, 1 << abi.LSM, []string{"bpf_put_file"}},
	{kfTrusted, 1 << abi.LSM, []string{"bpf_path_d_path"}},
	{kfSleepable | kfTrusted, onTracing, []string{
		"bpf_get_dentry_xattr", "bpf_get_file_xattr", "bpf_set_dentry_xattr",
		"bpf_remove_dentry_xattr",
	}},
	{kfTrusted, onTracing, []string{"bpf_get_fsverity_digest"}},
	{0, onTracing | onKprobe, []string{"bpf_session_is_return", "bpf_session_cookie"}},
	{kfTrusted, onTracing, []string{"css_rstat_updated"}},
	{kfSleepable | kfTrusted, onTracing, []string{"css_rstat_flush"}},
	{0, onTracing | onTC, []string{
		"bpf_fentry_test1", "bpf_modify_return_test", "bpf_modify_return_test2",
		"bpf_modify_return_test_tp", "bpf_kfunc_common_test",
	}},
	{kfRelease, onTracing | onTC | 1<<abi.Syscall, []string{"bpf_kfunc_call_test_release", "bpf_kfunc_call_memb_release"}},
	{kfTrusted, 1 << abi.StructOps, []string{
		"tcp_reno_ssthresh", "tcp_reno_cong_avoid", "tcp_reno_undo_cwnd",
		"tcp_slow_start", "tcp_cong_avoid_ai", "cubictcp_init", "cubictcp_recalc_ssthresh", "cubictcp_cong_avoid",
		"cubictcp_state", "cubictcp_cwnd_event", "cubictcp_acked", "dctcp_init", "dctcp_update_alpha",
		"dctcp_cwnd_event", "dctcp_ssthresh", "dctcp_cwnd_undo", "dctcp_state", "bbr_init", "bbr_main",
		"bbr_sndbuf_expand", "bbr_undo_cwnd", "bbr_cwnd_event", "bbr_ssthresh", "bbr_min_tso_segs", "bbr_set_state",
	}},
}

// kfIndex finds a row by name.
var kfIndex = func() map[string]*kfRow {
	m := make(map[string]*kfRow)
	for i := range kfRows {
		for _, n := range kfRows[i].names {
			m[n] = &kfRows[i]
		}
	}
	return m
}()
