package skep

import "github.com/skepbpf/skep/abi"

// MapType is the kind of a map.
type MapType = abi.MapType

// The map types, named as in cilium/ebpf.
const (
	UnspecifiedMap      = abi.UnspecMap
	Hash                = abi.Hash
	Array               = abi.Array
	ProgramArray        = abi.ProgArray
	PerfEventArray      = abi.PerfEventArray
	PerCPUHash          = abi.PerCPUHash
	PerCPUArray         = abi.PerCPUArray
	StackTrace          = abi.StackTrace
	CGroupArray         = abi.CgroupArray
	LRUHash             = abi.LRUHash
	LRUCPUHash          = abi.LRUPerCPUHash
	LPMTrie             = abi.LPMTrie
	ArrayOfMaps         = abi.ArrayOfMaps
	HashOfMaps          = abi.HashOfMaps
	DevMap              = abi.DevMap
	SockMap             = abi.SockMap
	CPUMap              = abi.CPUMap
	XSKMap              = abi.XSKMap
	SockHash            = abi.SockHash
	CGroupStorage       = abi.CgroupStorage
	ReusePortSockArray  = abi.ReuseportSockArray
	PerCPUCGroupStorage = abi.PerCPUCgroupStorage
	Queue               = abi.Queue
	Stack               = abi.Stack
	SkStorage           = abi.SkStorage
	DevMapHash          = abi.DevMapHash
	StructOpsMap        = abi.StructOpsMap
	RingBuf             = abi.RingBuf
	InodeStorage        = abi.InodeStorage
	TaskStorage         = abi.TaskStorage
	BloomFilter         = abi.BloomFilter
	UserRingbuf         = abi.UserRingBuf
	CgroupStorage       = abi.CgrpStorage
	Arena               = abi.Arena
)

// ProgramType is the kind of a program.
type ProgramType = abi.ProgType

// The program types, named as in cilium/ebpf.
const (
	UnspecifiedProgram    = abi.UnspecProg
	SocketFilter          = abi.SocketFilter
	Kprobe                = abi.Kprobe
	SchedCLS              = abi.SchedCLS
	SchedACT              = abi.SchedACT
	TracePoint            = abi.Tracepoint
	XDP                   = abi.XDP
	PerfEvent             = abi.PerfEvent
	CGroupSKB             = abi.CgroupSKB
	CGroupSock            = abi.CgroupSock
	LWTIn                 = abi.LWTIn
	LWTOut                = abi.LWTOut
	LWTXmit               = abi.LWTXmit
	SockOps               = abi.SockOps
	SkSKB                 = abi.SkSKB
	CGroupDevice          = abi.CgroupDevice
	SkMsg                 = abi.SkMsg
	RawTracepoint         = abi.RawTracepoint
	CGroupSockAddr        = abi.CgroupSockAddr
	LWTSeg6Local          = abi.LWTSeg6Local
	LircMode2             = abi.LircMode2
	SkReuseport           = abi.SkReuseport
	FlowDissector         = abi.FlowDissector
	CGroupSysctl          = abi.CgroupSysctl
	RawTracepointWritable = abi.RawTracepointWritable
	CGroupSockopt         = abi.CgroupSockopt
	Tracing               = abi.Tracing
	StructOps             = abi.StructOps
	Extension             = abi.Extension
	LSM                   = abi.LSM
	SkLookup              = abi.SkLookup
	Syscall               = abi.Syscall
	Netfilter             = abi.Netfilter
	Raw                   = abi.Raw // plain memory; skep's own
)

// AttachType narrows a ProgramType.
type AttachType = abi.AttachType

// AttachNone is the attach type of program types that have none.
const AttachNone AttachType = 0

// MapUpdateFlags change what Map.Update does.
type MapUpdateFlags = abi.UpdateFlags

// The update flags.
const (
	UpdateAny     = abi.UpdateAny     // create or replace
	UpdateNoExist = abi.UpdateNoExist // create only
	UpdateExist   = abi.UpdateExist   // replace only
	UpdateLock    = abi.UpdateLock    // under the value's spin lock
)

// MapLookupFlags change what Map.Lookup does.
type MapLookupFlags uint64

// LookupLock reads the value under its spin lock.
const LookupLock MapLookupFlags = 4

// PinType says how a map is pinned.
type PinType uint32

// The pin types, as libbpf's.
const (
	PinNone   PinType = 0
	PinByName PinType = 1
)

// LogLevel selects what the verifier writes to its log.
type LogLevel uint32

// The log levels; they may be combined.
const (
	LogLevelBranch      LogLevel = 1 // the paths
	LogLevelInstruction LogLevel = 2 // the state at each instruction
	LogLevelStats       LogLevel = 4 // figures at the end
)
