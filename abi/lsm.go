package abi

// LSMHook is what is special about a hook of security modules.
type LSMHook uint8

// The properties of hooks. Hooks that take a socket or current only concern
// programs attached to a cgroup.
const (
	HookDisabled     LSMHook = 1 << iota // no program may attach
	HookSleepable                        // sleepable programs may attach
	HookUntrusted                        // arguments are not trusted
	HookBool                             // returns 0 or 1
	HookCurrent                          // in a cgroup: that of the current task, not of a socket
	HookSockLocked                       // socket options: the socket is locked
	HookSockUnlocked                     // socket options: the socket is not locked
)

// LSMHookByName says what is special about a hook, named without "bpf_lsm_".
func LSMHookByName(name string) LSMHook { return lsmHooks[name] }

// lsmHooks are the hooks that are special.
var lsmHooks = map[string]LSMHook{
	"audit_rule_known":          HookBool,
	"audit_rule_match":          HookDisabled,
	"bpf":                       HookSleepable,
	"bpf_map":                   HookSleepable,
	"bpf_map_create":            HookSleepable,
	"bpf_map_free":              HookSleepable | HookUntrusted,
	"bpf_prog":                  HookSleepable,
	"bpf_prog_free":             HookUntrusted,
	"bpf_prog_load":             HookSleepable,
	"bpf_token_capable":         HookSleepable,
	"bpf_token_cmd":             HookSleepable,
	"bpf_token_create":          HookSleepable,
	"bpf_token_free":            HookSleepable,
	"bprm_check_security":       HookSleepable,
	"bprm_committed_creds":      HookSleepable,
	"bprm_committing_creds":     HookSleepable,
	"bprm_creds_for_exec":       HookSleepable,
	"bprm_creds_from_file":      HookSleepable,
	"capget":                    HookSleepable,
	"capset":                    HookSleepable,
	"cred_prepare":              HookSleepable,
	"current_getsecid_subj":     HookSleepable,
	"file_alloc_security":       HookUntrusted,
	"file_free_security":        HookUntrusted,
	"file_ioctl":                HookSleepable,
	"file_lock":                 HookSleepable,
	"file_open":                 HookSleepable,
	"file_post_open":            HookSleepable,
	"file_receive":              HookSleepable,
	"getprocattr":               HookDisabled,
	"getselfattr":               HookDisabled,
	"inet_conn_established":     HookSockLocked,
	"inet_csk_clone":            HookSockLocked,
	"inode_copy_up_xattr":       HookDisabled,
	"inode_create":              HookSleepable,
	"inode_free_security":       HookSleepable,
	"inode_getattr":             HookSleepable,
	"inode_getsecurity":         HookDisabled,
	"inode_getxattr":            HookSleepable,
	"inode_listsecurity":        HookDisabled,
	"inode_mknod":               HookSleepable,
	"inode_need_killpriv":       HookDisabled | HookSleepable,
	"inode_post_setxattr":       HookSleepable,
	"inode_readlink":            HookSleepable,
	"inode_rename":              HookSleepable,
	"inode_rmdir":               HookSleepable,
	"inode_setattr":             HookSleepable,
	"inode_setxattr":            HookSleepable,
	"inode_symlink":             HookSleepable,
	"inode_unlink":              HookSleepable,
	"inode_xattr_skipcap":       HookBool,
	"ismaclabel":                HookDisabled,
	"kernel_module_request":     HookSleepable,
	"kernel_read_file":          HookSleepable,
	"kernfs_init_security":      HookSleepable,
	"key_getsecurity":           HookDisabled,
	"mmap_file":                 HookSleepable,
	"netlink_send":              HookSleepable,
	"path_chmod":                HookSleepable,
	"path_chown":                HookSleepable,
	"path_link":                 HookSleepable,
	"path_mkdir":                HookSleepable,
	"path_notify":               HookSleepable,
	"path_rename":               HookSleepable,
	"path_rmdir":                HookSleepable,
	"path_symlink":              HookSleepable,
	"path_truncate":             HookSleepable,
	"path_unlink":               HookSleepable,
	"release_secctx":            HookSleepable,
	"sb_alloc_security":         HookSleepable,
	"sb_eat_lsm_opts":           HookSleepable,
	"sb_kern_mount":             HookSleepable,
	"sb_mount":                  HookSleepable,
	"sb_remount":                HookSleepable,
	"sb_set_mnt_opts":           HookSleepable,
	"sb_show_options":           HookSleepable,
	"sb_statfs":                 HookSleepable,
	"sb_umount":                 HookSleepable,
	"setprocattr":               HookDisabled,
	"settime":                   HookSleepable,
	"sk_alloc_security":         HookCurrent | HookUntrusted,
	"sk_free_security":          HookCurrent | HookUntrusted,
	"sock_graft":                HookSockLocked,
	"socket_accept":             HookSleepable,
	"socket_bind":               HookSleepable,
	"socket_connect":            HookSleepable,
	"socket_create":             HookSleepable,
	"socket_getpeername":        HookSleepable,
	"socket_getpeersec_dgram":   HookSleepable,
	"socket_getsockname":        HookSleepable,
	"socket_getsockopt":         HookSleepable,
	"socket_listen":             HookSleepable,
	"socket_post_create":        HookSockUnlocked | HookSleepable,
	"socket_recvmsg":            HookSleepable,
	"socket_sendmsg":            HookSleepable,
	"socket_shutdown":           HookSleepable,
	"socket_socketpair":         HookSockUnlocked | HookSleepable,
	"syslog":                    HookSleepable,
	"task_alloc":                HookSleepable,
	"task_free":                 HookUntrusted,
	"task_getsecid_obj":         HookSleepable,
	"task_prctl":                HookSleepable,
	"task_setscheduler":         HookSleepable,
	"userns_create":             HookSleepable,
	"vm_enough_memory":          HookDisabled,
	"xfrm_decode_session":       HookDisabled,
	"xfrm_state_pol_flow_match": HookBool,
}

// DPathFuncs are the kernel functions whose programs may call bpf_d_path, beside
// iterators and sleepable hooks of security modules.
var DPathFuncs = []string{
	"security_file_permission", "security_inode_getattr", "security_file_open",
	"security_path_truncate", "vfs_truncate", "vfs_fallocate", "dentry_open",
	"vfs_getattr", "filp_close",
}
