package abi

// MapType is a map type, numbered as enum bpf_map_type.
type MapType uint32

// The map types. InsnArray and RHash are newer than Linux 6.18.
const (
	UnspecMap           MapType = iota // BPF_MAP_TYPE_UNSPEC
	Hash                               // BPF_MAP_TYPE_HASH
	Array                              // BPF_MAP_TYPE_ARRAY
	ProgArray                          // BPF_MAP_TYPE_PROG_ARRAY
	PerfEventArray                     // BPF_MAP_TYPE_PERF_EVENT_ARRAY
	PerCPUHash                         // BPF_MAP_TYPE_PERCPU_HASH
	PerCPUArray                        // BPF_MAP_TYPE_PERCPU_ARRAY
	StackTrace                         // BPF_MAP_TYPE_STACK_TRACE
	CgroupArray                        // BPF_MAP_TYPE_CGROUP_ARRAY
	LRUHash                            // BPF_MAP_TYPE_LRU_HASH
	LRUPerCPUHash                      // BPF_MAP_TYPE_LRU_PERCPU_HASH
	LPMTrie                            // BPF_MAP_TYPE_LPM_TRIE
	ArrayOfMaps                        // BPF_MAP_TYPE_ARRAY_OF_MAPS
	HashOfMaps                         // BPF_MAP_TYPE_HASH_OF_MAPS
	DevMap                             // BPF_MAP_TYPE_DEVMAP
	SockMap                            // BPF_MAP_TYPE_SOCKMAP
	CPUMap                             // BPF_MAP_TYPE_CPUMAP
	XSKMap                             // BPF_MAP_TYPE_XSKMAP
	SockHash                           // BPF_MAP_TYPE_SOCKHASH
	CgroupStorage                      // BPF_MAP_TYPE_CGROUP_STORAGE
	ReuseportSockArray                 // BPF_MAP_TYPE_REUSEPORT_SOCKARRAY
	PerCPUCgroupStorage                // BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE
	Queue                              // BPF_MAP_TYPE_QUEUE
	Stack                              // BPF_MAP_TYPE_STACK
	SkStorage                          // BPF_MAP_TYPE_SK_STORAGE
	DevMapHash                         // BPF_MAP_TYPE_DEVMAP_HASH
	StructOpsMap                       // BPF_MAP_TYPE_STRUCT_OPS
	RingBuf                            // BPF_MAP_TYPE_RINGBUF
	InodeStorage                       // BPF_MAP_TYPE_INODE_STORAGE
	TaskStorage                        // BPF_MAP_TYPE_TASK_STORAGE
	BloomFilter                        // BPF_MAP_TYPE_BLOOM_FILTER
	UserRingBuf                        // BPF_MAP_TYPE_USER_RINGBUF
	CgrpStorage                        // BPF_MAP_TYPE_CGRP_STORAGE
	Arena                              // BPF_MAP_TYPE_ARENA
	InsnArray                          // BPF_MAP_TYPE_INSN_ARRAY
	RHash                              // BPF_MAP_TYPE_RHASH
)

// MapFlags are the creation flags BPF_F_* of a map.
type MapFlags uint32

// The map flags of Linux 6.18.
const (
	NoPrealloc    MapFlags = 1 << 0  // BPF_F_NO_PREALLOC
	NoCommonLRU   MapFlags = 1 << 1  // BPF_F_NO_COMMON_LRU
	NUMANode      MapFlags = 1 << 2  // BPF_F_NUMA_NODE
	ReadOnly      MapFlags = 1 << 3  // BPF_F_RDONLY
	WriteOnly     MapFlags = 1 << 4  // BPF_F_WRONLY
	StackBuildID  MapFlags = 1 << 5  // BPF_F_STACK_BUILD_ID
	ZeroSeed      MapFlags = 1 << 6  // BPF_F_ZERO_SEED
	ReadOnlyProg  MapFlags = 1 << 7  // BPF_F_RDONLY_PROG
	WriteOnlyProg MapFlags = 1 << 8  // BPF_F_WRONLY_PROG
	Clone         MapFlags = 1 << 9  // BPF_F_CLONE
	Mmapable      MapFlags = 1 << 10 // BPF_F_MMAPABLE
	PreserveElems MapFlags = 1 << 11 // BPF_F_PRESERVE_ELEMS
	InnerMap      MapFlags = 1 << 12 // BPF_F_INNER_MAP
	Link          MapFlags = 1 << 13 // BPF_F_LINK
	PathFD        MapFlags = 1 << 14 // BPF_F_PATH_FD
	VTypeBTFObjFD MapFlags = 1 << 15 // BPF_F_VTYPE_BTF_OBJ_FD
	TokenFD       MapFlags = 1 << 16 // BPF_F_TOKEN_FD
	SegvOnFault   MapFlags = 1 << 17 // BPF_F_SEGV_ON_FAULT
	NoUserConv    MapFlags = 1 << 18 // BPF_F_NO_USER_CONV
)

// UpdateFlags are the flags of a map update.
type UpdateFlags uint64

// The update flags.
const (
	UpdateAny     UpdateFlags = 0 // BPF_ANY
	UpdateNoExist UpdateFlags = 1 // BPF_NOEXIST
	UpdateExist   UpdateFlags = 2 // BPF_EXIST
	UpdateLock    UpdateFlags = 4 // BPF_F_LOCK
)
