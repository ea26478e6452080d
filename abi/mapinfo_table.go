package abi

// Limits of map sizes.
const (
	// maxAlloc is the largest piece of memory that the kernel hands out.
	maxAlloc = 4 << 20
	// hashSum is what remains of it for the key and value of a hash element.
	hashSum = maxAlloc - 49
	// maxPerCPU is the largest value of a per-CPU map.
	maxPerCPU = 32 << 10
	// maxStackKey is the largest key that programs can build on their stack.
	maxStackKey = 512
	// maxLPMKey holds a prefix length and 256 bytes of data.
	maxLPMKey = 4 + 256
	// maxStorage is the largest value of a local storage.
	maxStorage = 65407
	// anySize stands for a limit that depends on the machine's memory.
	anySize = 1<<31 - 1
)

// The key and value sizes that many types share.
var (
	key4    = SizeRule{Min: 4, Max: 4}
	value4  = SizeRule{Min: 4, Max: 4}
	value48 = SizeRule{Min: 4, Max: 8, Multiple: 4}
	keyHash = SizeRule{Min: 1, Max: hashSum}
)

// The flags that many types share.
const (
	accessFlags  = ReadOnly | WriteOnly
	progFlags    = ReadOnlyProg | WriteOnlyProg
	hashFlags    = NoPrealloc | NUMANode | accessFlags | ZeroSeed | progFlags
	storageFlags = NoPrealloc | Clone
)

// mapInfos are the rows, by number. Flags of a pair exclude each other: ReadOnly
// and WriteOnly, ReadOnlyProg and WriteOnlyProg.
var mapInfos = [...]MapInfo{
	Hash: {
		Type: Hash, Name: "BPF_MAP_TYPE_HASH", Short: "hash",
		Key: keyHash, Value: SizeRule{Min: 1, Max: hashSum}, Sum: hashSum,
		Flags: hashFlags,
		Sys:   sysAll | SysTake | sysBatch, ForEach: true, Inner: true, Sleepable: true,
		Fields: lockFields | asyncFields | kptrFields | treeFields,
	},
	Array: {
		Type: Array, Name: "BPF_MAP_TYPE_ARRAY", Short: "array",
		Key: key4, Value: SizeRule{Min: 1, Max: anySize},
		Flags: NUMANode | accessFlags | progFlags | Mmapable | InnerMap,
		Sys:   SysLookup | SysUpdate | SysNext | SysLookupBatch | SysUpdateBatch | SysMmap, ForEach: true,
		DirectValue: true, Inner: true, Sleepable: true,
		Fields: lockFields | asyncFields | kptrFields | treeFields,
	},
	ProgArray: {
		Type: ProgArray, Name: "BPF_MAP_TYPE_PROG_ARRAY", Short: "prog_array",
		Key: key4, Value: value4, Flags: NUMANode | accessFlags,
		Sys: sysAll, Helpers: []HelperID{TailCall},
	},
	PerfEventArray: {
		Type: PerfEventArray, Name: "BPF_MAP_TYPE_PERF_EVENT_ARRAY", Short: "perf_event_array",
		Key: key4, Value: value4, Flags: NUMANode | accessFlags | PreserveElems,
		Sys:     SysUpdate | SysDelete | SysNext,
		Helpers: []HelperID{PerfEventRead, PerfEventOutput, SKBOutput, PerfEventReadValue, XDPOutput},
		Inner:   true,
	},
	PerCPUHash: {
		Type: PerCPUHash, Name: "BPF_MAP_TYPE_PERCPU_HASH", Short: "percpu_hash",
		Key: keyHash, Value: SizeRule{Min: 1, Max: maxPerCPU}, Sum: hashSum,
		Flags: hashFlags &^ NUMANode, PerCPU: true,
		Sys: sysAll | SysTake | sysBatch, ForEach: true, Inner: true, Sleepable: true,
		Fields: kptrFields,
	},
	PerCPUArray: {
		Type: PerCPUArray, Name: "BPF_MAP_TYPE_PERCPU_ARRAY", Short: "percpu_array",
		Key: key4, Value: SizeRule{Min: 1, Max: maxPerCPU},
		Flags: accessFlags | progFlags, PerCPU: true,
		Sys: SysLookup | SysUpdate | SysNext | SysLookupBatch | SysUpdateBatch, ForEach: true,
		Inner: true, Sleepable: true,
		Fields: kptrFields,
	},
	StackTrace: {
		Type: StackTrace, Name: "BPF_MAP_TYPE_STACK_TRACE", Short: "stack_trace",
		// With StackBuildID values are multiples of 32 up to 127*32.
		Key: key4, Value: SizeRule{Min: 8, Max: 127 * 8, Multiple: 8},
		Flags: NUMANode | accessFlags | StackBuildID,
		Sys:   SysLookup | SysDelete | SysNext | SysTake, Helpers: []HelperID{GetStackid}, Inner: true,
		Cap: CapBPF,
	},
	CgroupArray: {
		Type: CgroupArray, Name: "BPF_MAP_TYPE_CGROUP_ARRAY", Short: "cgroup_array",
		Key: key4, Value: value4, Flags: NUMANode | accessFlags,
		Sys:     SysUpdate | SysDelete | SysNext,
		Helpers: []HelperID{SKBUnderCgroup, CurrentTaskUnderCgroup}, Inner: true,
	},
	LRUHash: {
		Type: LRUHash, Name: "BPF_MAP_TYPE_LRU_HASH", Short: "lru_hash",
		Key: keyHash, Value: SizeRule{Min: 1, Max: hashSum}, Sum: hashSum,
		Flags: hashFlags&^NoPrealloc | NoCommonLRU,
		Sys:   sysAll | SysTake | sysBatch, ForEach: true, Inner: true, Sleepable: true,
		Fields: asyncFields | kptrFields | treeFields, Cap: CapBPF,
	},
	LRUPerCPUHash: {
		Type: LRUPerCPUHash, Name: "BPF_MAP_TYPE_LRU_PERCPU_HASH", Short: "lru_percpu_hash",
		Key: keyHash, Value: SizeRule{Min: 1, Max: maxPerCPU}, Sum: hashSum,
		Flags: hashFlags&^(NoPrealloc|NUMANode) | NoCommonLRU, PerCPU: true,
		Sys: sysAll | SysTake | sysBatch, ForEach: true, Inner: true, Sleepable: true,
		Fields: kptrFields, Cap: CapBPF,
	},
	LPMTrie: {
		Type: LPMTrie, Name: "BPF_MAP_TYPE_LPM_TRIE", Short: "lpm_trie",
		Key: SizeRule{Min: 5, Max: maxLPMKey}, Value: SizeRule{Min: 1, Max: maxAlloc - 280},
		Flags: NoPrealloc | NUMANode | accessFlags | progFlags, Required: NoPrealloc,
		Sys: sysAll | SysLookupBatch | SysUpdateBatch | SysDeleteBatch, Inner: true,
		Cap: CapBPF,
	},
	ArrayOfMaps: {
		Type: ArrayOfMaps, Name: "BPF_MAP_TYPE_ARRAY_OF_MAPS", Short: "array_of_maps",
		Key: key4, Value: value4, Flags: NUMANode | accessFlags,
		Sys: sysAll | SysLookupBatch | SysUpdateBatch, Helpers: []HelperID{MapLookupElem}, Sleepable: true,
	},
	HashOfMaps: {
		Type: HashOfMaps, Name: "BPF_MAP_TYPE_HASH_OF_MAPS", Short: "hash_of_maps",
		Key: keyHash, Value: value4, Sum: hashSum, Flags: hashFlags,
		Sys: sysAll | sysBatch, Helpers: []HelperID{MapLookupElem}, Sleepable: true,
	},
	DevMap: {
		Type: DevMap, Name: "BPF_MAP_TYPE_DEVMAP", Short: "devmap",
		Key: key4, Value: value48, Flags: NUMANode | accessFlags,
		Sys: sysAll, Helpers: []HelperID{RedirectMap, MapLookupElem}, Inner: true, NetAdmin: true,
	},
	SockMap: {
		Type: SockMap, Name: "BPF_MAP_TYPE_SOCKMAP", Short: "sockmap",
		Key: key4, Value: value48, Flags: NUMANode | accessFlags,
		Sys:     sysAll,
		Helpers: []HelperID{SkRedirectMap, SockMapUpdate, MsgRedirectMap, SkSelectReuseport, MapLookupElem},
		Inner:   true, NetAdmin: true,
	},
	CPUMap: {
		Type: CPUMap, Name: "BPF_MAP_TYPE_CPUMAP", Short: "cpumap",
		Key: key4, Value: value48, Entries: EntriesCPUs, Flags: NUMANode,
		Sys: sysAll, Helpers: []HelperID{RedirectMap}, Inner: true, Cap: CapBPF,
	},
	XSKMap: {
		Type: XSKMap, Name: "BPF_MAP_TYPE_XSKMAP", Short: "xskmap",
		Key: key4, Value: value4, Flags: NUMANode | accessFlags,
		Sys: SysUpdate | SysDelete | SysNext, Helpers: []HelperID{RedirectMap, MapLookupElem},
		Inner: true, NetAdmin: true,
	},
	SockHash: {
		Type: SockHash, Name: "BPF_MAP_TYPE_SOCKHASH", Short: "sockhash",
		Key: SizeRule{Min: 1, Max: maxStackKey}, Value: value48, Flags: NUMANode | accessFlags,
		Sys:     sysAll,
		Helpers: []HelperID{SkRedirectHash, SockHashUpdate, MsgRedirectHash, SkSelectReuseport, MapLookupElem},
		Inner:   true, NetAdmin: true,
	},
	CgroupStorage: {
		Type: CgroupStorage, Name: "BPF_MAP_TYPE_CGROUP_STORAGE", Short: "cgroup_storage",
		Key: SizeRule{Min: 8, Max: 16, Multiple: 8}, Value: SizeRule{Min: 1, Max: maxStorage},
		Entries: EntriesNone, Flags: NUMANode | accessFlags | progFlags,
		Sys: SysLookup | SysUpdate | SysNext, Helpers: []HelperID{GetLocalStorage},
		Fields: lockFields, Since: 4<<8 | 19,
	},
	ReuseportSockArray: {
		Type: ReuseportSockArray, Name: "BPF_MAP_TYPE_REUSEPORT_SOCKARRAY", Short: "reuseport_sockarray",
		Key: key4, Value: value48, Flags: NUMANode | accessFlags | progFlags,
		Sys: sysAll, Helpers: []HelperID{SkSelectReuseport}, Inner: true, Cap: CapBPF,
		Since: 4<<8 | 19,
	},
	PerCPUCgroupStorage: {
		Type: PerCPUCgroupStorage, Name: "BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE", Short: "percpu_cgroup_storage",
		Key: SizeRule{Min: 8, Max: 16, Multiple: 8}, Value: SizeRule{Min: 1, Max: maxPerCPU},
		Entries: EntriesNone, Flags: NUMANode | accessFlags | progFlags, PerCPU: true,
		Sys: SysLookup | SysUpdate | SysNext, Helpers: []HelperID{GetLocalStorage},
		Since: 4<<8 | 20,
	},
	Queue: {
		Type: Queue, Name: "BPF_MAP_TYPE_QUEUE", Short: "queue",
		Value: SizeRule{Min: 1, Max: maxAlloc}, Flags: NUMANode | accessFlags | progFlags,
		Sys:     SysLookup | SysUpdate | SysTake,
		Helpers: []HelperID{MapPeekElem, MapPopElem, MapPushElem},
		Inner:   true, Sleepable: true, Cap: CapBPF, Since: 4<<8 | 20,
	},
	Stack: {
		Type: Stack, Name: "BPF_MAP_TYPE_STACK", Short: "stack",
		Value: SizeRule{Min: 1, Max: maxAlloc}, Flags: NUMANode | accessFlags | progFlags,
		Sys:     SysLookup | SysUpdate | SysTake,
		Helpers: []HelperID{MapPeekElem, MapPopElem, MapPushElem},
		Inner:   true, Sleepable: true, Cap: CapBPF, Since: 4<<8 | 20,
	},
	SkStorage: {
		Type: SkStorage, Name: "BPF_MAP_TYPE_SK_STORAGE", Short: "sk_storage",
		Key: key4, Value: SizeRule{Min: 1, Max: maxStorage}, Entries: EntriesNone,
		Flags: storageFlags, Required: NoPrealloc, NeedsBTF: true,
		Sys:     SysLookup | SysUpdate | SysDelete,
		Helpers: []HelperID{SkStorageGet, SkStorageDelete, KptrXchg},
		Inner:   true, Sleepable: true, Fields: lockFields | kptrFields, Cap: CapBPF, Since: 5<<8 | 2,
	},
	DevMapHash: {
		Type: DevMapHash, Name: "BPF_MAP_TYPE_DEVMAP_HASH", Short: "devmap_hash",
		Key: key4, Value: value48, Flags: NUMANode | accessFlags,
		Sys: sysAll, Helpers: []HelperID{RedirectMap, MapLookupElem}, Inner: true, NetAdmin: true,
		Since: 5<<8 | 4,
	},
	StructOpsMap: {
		Type: StructOpsMap, Name: "BPF_MAP_TYPE_STRUCT_OPS", Short: "struct_ops",
		// The value is the kernel's wrapper of the struct; one entry only.
		Key: key4, Value: SizeRule{Min: 1, Max: anySize},
		Flags: Link | VTypeBTFObjFD, NeedsBTF: true,
		Sys: sysAll, NoProg: true, Cap: CapBPF, Since: 5<<8 | 6,
	},
	RingBuf: {
		Type: RingBuf, Name: "BPF_MAP_TYPE_RINGBUF", Short: "ringbuf",
		Entries: EntriesPages, Flags: NUMANode,
		Sys: SysMmap | SysPoll,
		Helpers: []HelperID{
			RingBufOutput, RingBufReserve, RingBufQuery,
			RingBufReserveDynptr, RingBufSubmitDynptr, RingBufDiscardDynptr,
		},
		Inner: true, Sleepable: true, Since: 5<<8 | 8,
	},
	InodeStorage: {
		Type: InodeStorage, Name: "BPF_MAP_TYPE_INODE_STORAGE", Short: "inode_storage",
		Key: key4, Value: SizeRule{Min: 1, Max: maxStorage}, Entries: EntriesNone,
		Flags: storageFlags, Required: NoPrealloc, NeedsBTF: true,
		Sys:     SysLookup | SysUpdate | SysDelete,
		Helpers: []HelperID{InodeStorageGet, InodeStorageDelete, KptrXchg},
		Inner:   true, Sleepable: true, Fields: lockFields | kptrFields, Cap: CapBPF, Since: 5<<8 | 10,
	},
	TaskStorage: {
		Type: TaskStorage, Name: "BPF_MAP_TYPE_TASK_STORAGE", Short: "task_storage",
		Key: key4, Value: SizeRule{Min: 1, Max: maxStorage}, Entries: EntriesNone,
		Flags: storageFlags, Required: NoPrealloc, NeedsBTF: true,
		Sys:     SysLookup | SysUpdate | SysDelete,
		Helpers: []HelperID{TaskStorageGet, TaskStorageDelete, KptrXchg},
		Inner:   true, Sleepable: true, Fields: lockFields | kptrFields | FieldUptr, Cap: CapBPF, Since: 5<<8 | 11,
	},
	BloomFilter: {
		Type: BloomFilter, Name: "BPF_MAP_TYPE_BLOOM_FILTER", Short: "bloom_filter",
		Value: SizeRule{Min: 1, Max: maxAlloc}, Extra: ExtraHashes,
		Flags:   NUMANode | accessFlags | ZeroSeed | progFlags,
		Sys:     SysLookup | SysUpdate,
		Helpers: []HelperID{MapPeekElem, MapPushElem},
		Inner:   true, Cap: CapBPF, Since: 5<<8 | 16,
	},
	UserRingBuf: {
		Type: UserRingBuf, Name: "BPF_MAP_TYPE_USER_RINGBUF", Short: "user_ringbuf",
		Entries: EntriesPages, Flags: NUMANode,
		Sys: SysMmap | SysPoll, Helpers: []HelperID{UserRingBufDrain},
		Inner: true, Sleepable: true, Since: 6<<8 | 1,
	},
	CgrpStorage: {
		Type: CgrpStorage, Name: "BPF_MAP_TYPE_CGRP_STORAGE", Short: "cgrp_storage",
		Key: key4, Value: SizeRule{Min: 1, Max: maxStorage}, Entries: EntriesNone,
		Flags: storageFlags, Required: NoPrealloc, NeedsBTF: true,
		Sys:     SysLookup | SysUpdate | SysDelete,
		Helpers: []HelperID{CgrpStorageGet, CgrpStorageDelete, KptrXchg},
		Inner:   true, Sleepable: true, Fields: lockFields | kptrFields, Cap: CapBPF, Since: 6<<8 | 2,
	},
	Arena: {
		Type: Arena, Name: "BPF_MAP_TYPE_ARENA", Short: "arena",
		Extra: ExtraAddr,
		Flags: Mmapable | SegvOnFault | NoUserConv, Required: Mmapable,
		Sys: SysMmap, DirectValue: true, Inner: true, Sleepable: true,
		Cap: CapBPF, Since: 6<<8 | 9,
	},
	InsnArray: {
		Type: InsnArray, Name: "BPF_MAP_TYPE_INSN_ARRAY", Short: "insn_array",
		Key: key4, Value: SizeRule{Min: 16, Max: 16},
		Sys: SysLookup | SysUpdate | SysNext, DirectValue: true, Sleepable: true,
		Cap: CapBPF, Since: 6<<8 | 19,
	},
	RHash: {
		Type: RHash, Name: "BPF_MAP_TYPE_RHASH", Short: "rhash",
		Key: keyHash, Value: SizeRule{Min: 1, Max: hashSum}, Sum: hashSum,
		Flags: NoPrealloc | NUMANode | accessFlags | progFlags, Required: NoPrealloc,
		Sys: sysAll | SysTake | sysBatch, ForEach: true, Inner: true,
		Cap: CapBPF, Since: 7<<8 | 2,
	},
}
