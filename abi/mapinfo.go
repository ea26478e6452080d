package abi

import (
	"slices"
	"strconv"
)

// SizeRule says which sizes in bytes a map takes.
type SizeRule struct {
	Min, Max uint32
	Multiple uint32 // 0 for any size from Min to Max
}

// Allows reports whether n is a legal size.
func (r SizeRule) Allows(n uint32) bool {
	return n >= r.Min && n <= r.Max && (r.Multiple == 0 || n%r.Multiple == 0)
}

// EntriesRule says which max_entries a map takes.
type EntriesRule uint8

// The rules for max_entries.
const (
	EntriesSome  EntriesRule = iota // one or more
	EntriesNone                     // zero
	EntriesPages                    // a power of two and a multiple of the page size
	EntriesCPUs                     // one or more, at most the number of possible CPUs of the kernel build
)

// ExtraRule says which map_extra a map takes.
type ExtraRule uint8

// The rules for map_extra.
const (
	ExtraNone   ExtraRule = iota // zero
	ExtraHashes                  // number of hash functions in the low 4 bits, no other bits; 0 means 5
	ExtraAddr                    // page-aligned address for user space, 0 for any
)

// SysOps is a set of operations of bpf(2) on the elements of a map.
type SysOps uint16

// The operations. Lookup of queues, stacks and bloom filters peeks, update
// pushes, and SysTake of queues and stacks pops.
const (
	SysLookup      SysOps = 1 << iota // BPF_MAP_LOOKUP_ELEM
	SysUpdate                         // BPF_MAP_UPDATE_ELEM
	SysDelete                         // BPF_MAP_DELETE_ELEM
	SysNext                           // BPF_MAP_GET_NEXT_KEY
	SysTake                           // BPF_MAP_LOOKUP_AND_DELETE_ELEM
	SysLookupBatch                    // BPF_MAP_LOOKUP_BATCH
	SysTakeBatch                      // BPF_MAP_LOOKUP_AND_DELETE_BATCH
	SysUpdateBatch                    // BPF_MAP_UPDATE_BATCH
	SysDeleteBatch                    // BPF_MAP_DELETE_BATCH
	SysMmap                           // mmap of the map's descriptor
	SysPoll                           // poll of the map's descriptor
)

const (
	sysAll   = SysLookup | SysUpdate | SysDelete | SysNext
	sysBatch = SysLookupBatch | SysTakeBatch | SysUpdateBatch | SysDeleteBatch
)

// SpecialField is a kind of kernel object that a map value may hold.
type SpecialField uint16

// The special fields of map values.
const (
	FieldSpinLock    SpecialField = 1 << iota // bpf_spin_lock
	FieldResSpinLock                          // bpf_res_spin_lock
	FieldTimer                                // bpf_timer
	FieldWorkqueue                            // bpf_wq
	FieldTaskWork                             // bpf_task_work
	FieldKptr                                 // __kptr, __kptr_untrusted, __percpu_kptr
	FieldUptr                                 // __uptr
	FieldListHead                             // bpf_list_head
	FieldRBRoot                               // bpf_rb_root
	FieldRefcount                             // bpf_refcount
)

const (
	lockFields  = FieldSpinLock | FieldResSpinLock
	asyncFields = FieldTimer | FieldWorkqueue | FieldTaskWork
	treeFields  = FieldListHead | FieldRBRoot
	kptrFields  = FieldKptr | FieldRefcount
)

// MapInfo is what Linux promises and demands of a map type.
type MapInfo struct {
	Type  MapType
	Name  string // C name: "BPF_MAP_TYPE_HASH"
	Short string // as bpftool and libbpf print it: "hash"

	Key, Value SizeRule
	// Sum is the largest sum of key and value size, 0 for no rule.
	Sum     uint32
	Entries EntriesRule
	Extra   ExtraRule
	// Flags are the creation flags that are legal, Required those without which
	// the map is not made.
	Flags, Required MapFlags
	// NeedsBTF maps are made only with BTF types of key and value.
	NeedsBTF bool
	// PerCPU maps have a value for each CPU.
	PerCPU bool

	Sys SysOps // what bpf(2) can do with it
	// Helpers are the helpers that take the map; nil for all that do not demand
	// another type (see Takes).
	Helpers []HelperID
	// ForEach maps can be walked by bpf_for_each_map_elem.
	ForEach bool
	// DirectValue maps let programs load the address of a value as a constant.
	DirectValue bool
	// Inner maps may be elements of maps of maps.
	Inner bool
	// Sleepable programs may use it.
	Sleepable bool
	// NoProg maps cannot be used by programs at all.
	NoProg bool
	// Fields are the special fields that values may hold.
	Fields SpecialField

	// Cap and NetAdmin are the capabilities without which it is not made.
	Cap      Capability
	NetAdmin bool
	Since    Release
}

// Info is the row of a map type, nil if there is none.
func (t MapType) Info() *MapInfo {
	if t == UnspecMap || int(t) >= len(mapInfos) || mapInfos[t].Name == "" {
		return nil
	}
	return &mapInfos[t]
}

// String is the C name: "BPF_MAP_TYPE_HASH".
func (t MapType) String() string {
	if t == UnspecMap {
		return "BPF_MAP_TYPE_UNSPEC"
	}
	if m := t.Info(); m != nil {
		return m.Name
	}
	return "BPF_MAP_TYPE(" + strconv.Itoa(int(t)) + ")"
}

// Short is the name that bpftool and libbpf print: "hash".
func (t MapType) Short() string {
	if t == UnspecMap {
		return "unspec"
	}
	if m := t.Info(); m != nil {
		return m.Short
	}
	return strconv.Itoa(int(t))
}

// MapTypeByName finds a map type by its C or short name.
func MapTypeByName(name string) (MapType, bool) {
	for i := range mapInfos {
		if m := &mapInfos[i]; m.Name != "" && (m.Name == name || m.Short == name) {
			return m.Type, true
		}
	}
	return 0, false
}

// helperMaps are the helpers that demand certain map types.
var helperMaps = map[HelperID][]MapType{
	TailCall:               {ProgArray},
	PerfEventRead:          {PerfEventArray},
	PerfEventOutput:        {PerfEventArray},
	PerfEventReadValue:     {PerfEventArray},
	SKBOutput:              {PerfEventArray},
	XDPOutput:              {PerfEventArray},
	RingBufOutput:          {RingBuf},
	RingBufReserve:         {RingBuf},
	RingBufQuery:           {RingBuf},
	RingBufReserveDynptr:   {RingBuf},
	RingBufSubmitDynptr:    {RingBuf},
	RingBufDiscardDynptr:   {RingBuf},
	UserRingBufDrain:       {UserRingBuf},
	GetStackid:             {StackTrace},
	CurrentTaskUnderCgroup: {CgroupArray},
	SKBUnderCgroup:         {CgroupArray},
	RedirectMap:            {DevMap, DevMapHash, CPUMap, XSKMap},
	SkRedirectMap:          {SockMap},
	MsgRedirectMap:         {SockMap},
	SockMapUpdate:          {SockMap},
	SkRedirectHash:         {SockHash},
	MsgRedirectHash:        {SockHash},
	SockHashUpdate:         {SockHash},
	GetLocalStorage:        {CgroupStorage, PerCPUCgroupStorage},
	SkSelectReuseport:      {ReuseportSockArray, SockMap, SockHash},
	MapPopElem:             {Queue, Stack},
	MapPeekElem:            {Queue, Stack, BloomFilter},
	MapPushElem:            {Queue, Stack, BloomFilter},
	MapLookupPerCPUElem:    {PerCPUArray, PerCPUHash, LRUPerCPUHash},
	SkStorageGet:           {SkStorage},
	SkStorageDelete:        {SkStorage},
	InodeStorageGet:        {InodeStorage},
	InodeStorageDelete:     {InodeStorage},
	TaskStorageGet:         {TaskStorage},
	TaskStorageDelete:      {TaskStorage},
	CgrpStorageGet:         {CgrpStorage},
	CgrpStorageDelete:      {CgrpStorage},
}

// HelperMaps are the map types that a helper demands, nil if it takes every
// type that does not demand other helpers.
func HelperMaps(id HelperID) []MapType { return helperMaps[id] }

// Takes reports whether a program of a type, with an attach type, may pass a
// map to a helper. Both sides are asked: the map's list of helpers and the
// helper's list of maps.
func (m *MapInfo) Takes(id HelperID, t ProgType, a AttachType) bool {
	if list, ok := helperMaps[id]; ok && !slices.Contains(list, m.Type) {
		return false
	}
	if id == ForEachMapElem && !m.ForEach {
		return false
	}
	if m.Helpers == nil || slices.Contains(m.Helpers, id) {
		return true
	}
	return (m.Type == SockMap || m.Type == SockHash) && MayUpdateSockmap(id, t, a)
}

// MayUpdateSockmap reports whether programs of a type change a sockmap or
// sockhash by the plain map helpers: those that never run with a socket locked.
func MayUpdateSockmap(id HelperID, t ProgType, a AttachType) bool {
	if id != MapUpdateElem && id != MapDeleteElem {
		return false
	}
	switch t {
	case Tracing:
		return a == AttachTraceIter
	case SockOps:
		return id == MapDeleteElem
	case SocketFilter, SchedCLS, SchedACT, XDP, SkReuseport, FlowDissector, SkLookup:
		return true
	}
	return false
}
