package abi

import (
	"slices"
	"strconv"
	"strings"
)

// HelperID is a helper number, as in enum bpf_func_id.
type HelperID int32

// Arg says what a helper or kfunc demands of an argument: a base kind in the
// low byte and modifiers above it. The names are those of the kernel's enum
// bpf_arg_type.
type Arg uint32

// Base kinds of arguments.
const (
	ArgNone            Arg = iota // ARG_DONTCARE: no such argument
	ArgConstMapPtr                // ARG_CONST_MAP_PTR
	ArgMapKey                     // ARG_PTR_TO_MAP_KEY
	ArgMapValue                   // ARG_PTR_TO_MAP_VALUE
	ArgMem                        // ARG_PTR_TO_MEM: size in the next argument, or ArgFixed
	ArgArena                      // ARG_PTR_TO_ARENA
	ArgConstSize                  // ARG_CONST_SIZE: size of the memory before it, above 0
	ArgConstSizeOrZero            // ARG_CONST_SIZE_OR_ZERO
	ArgConstAllocSize             // ARG_CONST_ALLOC_SIZE_OR_ZERO
	ArgCtx                        // ARG_PTR_TO_CTX
	ArgAnything                   // ARG_ANYTHING: any initialised value
	ArgSpinLock                   // ARG_PTR_TO_SPIN_LOCK
	ArgSockCommon                 // ARG_PTR_TO_SOCK_COMMON
	ArgSocket                     // ARG_PTR_TO_SOCKET
	ArgBTFID                      // ARG_PTR_TO_BTF_ID
	ArgRingBufMem                 // ARG_PTR_TO_RINGBUF_MEM
	ArgBTFIDSockCommon            // ARG_PTR_TO_BTF_ID_SOCK_COMMON
	ArgPerCPUBTFID                // ARG_PTR_TO_PERCPU_BTF_ID
	ArgFunc                       // ARG_PTR_TO_FUNC: callback
	ArgStack                      // ARG_PTR_TO_STACK: callback context
	ArgConstStr                   // ARG_PTR_TO_CONST_STR
	ArgTimer                      // ARG_PTR_TO_TIMER
	ArgKptrXchgDest               // ARG_KPTR_XCHG_DEST
	ArgDynptr                     // ARG_PTR_TO_DYNPTR
	ArgScalar                     // ARG_SCALAR: any number, no pointer
)

// Modifiers of arguments.
const (
	ArgBase      Arg = 0xff    // mask of the base kind
	ArgNullable  Arg = 1 << 8  // PTR_MAYBE_NULL
	ArgReadOnly  Arg = 1 << 9  // MEM_RDONLY: the helper only reads
	ArgWrite     Arg = 1 << 10 // MEM_WRITE: the helper writes
	ArgUninit    Arg = 1 << 11 // MEM_UNINIT: need not be initialised
	ArgFixed     Arg = 1 << 12 // MEM_FIXED_SIZE: size in Helper.ArgSize
	ArgAligned   Arg = 1 << 13 // MEM_ALIGNED
	ArgRelease   Arg = 1 << 14 // OBJ_RELEASE
	ArgDynLocal  Arg = 1 << 15 // DYNPTR_TYPE_LOCAL
	ArgDynRing   Arg = 1 << 16 // DYNPTR_TYPE_RINGBUF
	ArgDynSKB    Arg = 1 << 17 // DYNPTR_TYPE_SKB
	ArgDynXDP    Arg = 1 << 18 // DYNPTR_TYPE_XDP
	ArgNonOwning Arg = 1 << 19 // NON_OWN_REF
)

// Base is a without its modifiers.
func (a Arg) Base() Arg { return a & ArgBase }

// Has reports whether all modifiers of m are set.
func (a Arg) Has(m Arg) bool { return a&m == m }

// Ret says what a helper returns: a base kind and modifiers, as the kernel's
// enum bpf_return_type.
type Ret uint16

// Base kinds of return values.
const (
	RetInteger    Ret = iota // RET_INTEGER
	RetVoid                  // RET_VOID
	RetMapValue              // RET_PTR_TO_MAP_VALUE
	RetSocket                // RET_PTR_TO_SOCKET
	RetTCPSock               // RET_PTR_TO_TCP_SOCK
	RetSockCommon            // RET_PTR_TO_SOCK_COMMON
	RetMem                   // RET_PTR_TO_MEM: of a size known from an argument
	RetMemOrBTFID            // RET_PTR_TO_MEM_OR_BTF_ID
	RetBTFID                 // RET_PTR_TO_BTF_ID: of Helper.RetType
	RetDynptrMem             // RET_PTR_TO_DYNPTR_MEM
)

// Modifiers of return values.
const (
	RetBase     Ret = 0xff
	RetNullable Ret = 1 << 8  // PTR_MAYBE_NULL
	RetRingBuf  Ret = 1 << 9  // MEM_RINGBUF
	RetTrusted  Ret = 1 << 10 // PTR_TRUSTED
	RetReadOnly Ret = 1 << 11 // MEM_RDONLY
)

// Base is r without its modifiers.
func (r Ret) Base() Ret { return r & RetBase }

// Has reports whether all modifiers of m are set.
func (r Ret) Has(m Ret) bool { return r&m == m }

// Capability is what the loader of a program needs to be allowed a helper.
type Capability uint8

// The capabilities, each including those before it.
const (
	CapNone     Capability = iota
	CapBPF                 // CAP_BPF
	CapPerfmon             // CAP_PERFMON
	CapSysAdmin            // CAP_SYS_ADMIN
)

// Helper is the prototype of a helper. A helper that has another prototype in
// some program types has one row for each.
type Helper struct {
	ID      HelperID
	Name    string // C name: "bpf_map_lookup_elem"
	Args    [5]Arg
	ArgSize [5]uint32 // bytes, for ArgFixed
	ArgType [5]string // kernel struct, for ArgBTFID; "" for any
	Ret     Ret
	RetType string // kernel struct, for RetBTFID and RetMemOrBTFID

	GPL        bool // callable by GPL-compatible programs only
	PktAccess  bool // arguments may point into the packet
	MightSleep bool // callable by sleepable programs only
	// SleepsIfSleepable marks helpers with MightSleep in sleepable programs
	// and without it in the others.
	SleepsIfSleepable bool
	ChangesPkt        bool // invalidates packet pointers
	// ChangesCallerPkt marks a tail call: where it comes back the packet is as
	// it was, but a global subprogram with one counts as changing the packet.
	ChangesCallerPkt bool
	LockOK           bool // may be called with a bpf_spin_lock held
	Fastcall         bool // bpf_fastcall: preserves R1 to R5 where inlined
	WithoutCap       bool // callable without CAP_BPF and CAP_PERFMON: Cap is CapNone
	Cap              Capability
	// FreeIn are the program types that get the helper without Cap.
	FreeIn ProgSet

	// Progs are the program types that may call it. An extension has the
	// helpers of the type of its target, so Extension is in no set.
	Progs ProgSet
	// Attach narrows Progs for the program types named in it to the listed
	// attach types.
	Attach map[ProgType][]AttachType
	// StructOps narrows Progs for StructOps to members of the listed kernel
	// structs; nil for all.
	StructOps []string
	// Config is what a kernel needs beside BPF to offer the helper, for rows
	// that are missing from many builds; "" for none.
	Config string
	Since  Release
}

// Allows reports whether programs of a type, with an attach type, may call h by
// this prototype.
func (h *Helper) Allows(t ProgType, a AttachType) bool {
	if !h.Progs.Has(t) {
		return false
	}
	list, narrow := h.Attach[t]
	return !narrow || slices.Contains(list, a)
}

// HelperByID is the prototype of a helper, nil if there is none. Where there
// are several it is one of them; see HelperFor.
func HelperByID(id HelperID) *Helper {
	rows := Helpers(id)
	if len(rows) == 0 {
		return nil
	}
	return &rows[len(rows)-1]
}

// HelperFor is the prototype by which programs of a type, with an attach type,
// call a helper; nil if they may not. For an extension, t and a are those of
// its target.
func HelperFor(id HelperID, t ProgType, a AttachType) *Helper {
	rows := Helpers(id)
	for i := range rows {
		if rows[i].Allows(t, a) {
			return &rows[i]
		}
	}
	return nil
}

// HelperByName finds a helper by its C name, with or without "bpf_"; nil if
// there is none.
func HelperByName(name string) *Helper {
	id, ok := helperIDs["bpf_"+strings.TrimPrefix(name, "bpf_")]
	if !ok {
		return nil
	}
	return HelperByID(id)
}

// String is the C name: "bpf_map_lookup_elem".
func (id HelperID) String() string {
	if h := HelperByID(id); h != nil {
		return h.Name
	}
	return "helper(" + strconv.Itoa(int(id)) + ")"
}
