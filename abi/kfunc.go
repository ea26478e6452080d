package abi

import (
	"slices"
	"strings"
)

// KfuncFlags are the contract of a kernel function beside its types.
type KfuncFlags uint16

// The flags, named as the kernel's KF_ ones.
const (
	KfAcquire      KfuncFlags = 1 << iota // returns a reference that must be released
	KfRelease                             // releases its referenced argument
	KfRetNull                             // may return NULL
	KfTrustedArgs                         // pointers to kernel objects must be trusted and not NULL
	KfRCU                                 // pointers may be RCU protected, not NULL
	KfSleepable                           // for sleepable programs only
	KfDestructive                         // needs CAP_SYS_BOOT
	KfRCUProtected                        // only inside an RCU read section
	KfIterNew                             // makes an iterator
	KfIterNext                            // advances an iterator
	KfIterDestroy                         // ends an iterator
	KfFastcall                            // bpf_fastcall: preserves R1 to R5
	KfChangesPkt                          // invalidates packet pointers
	KfLockOK                              // may be called with a bpf_spin_lock held
)

// KfuncKind says what a kernel function demands of an argument, or returns.
type KfuncKind uint8

// The kinds. Those of arguments follow from the C type and from the suffix of
// the C name.
const (
	KindVoid        KfuncKind = iota // no value
	KindScalar                       // number of Size bytes
	KindConst                        // "__k": constant number, which becomes precise
	KindSize                         // "__sz": size of the memory before it
	KindConstSize                    // "__szk": constant size of the memory before it
	KindMem                          // memory whose size is the next argument
	KindFixedMem                     // memory of Size bytes
	KindCtx                          // the program's context
	KindDynptr                       // struct bpf_dynptr
	KindIter                         // open-coded iterator of type Struct
	KindListHead                     // bpf_list_head
	KindListNode                     // bpf_list_node of an object of the program
	KindRBRoot                       // bpf_rb_root
	KindRBNode                       // bpf_rb_node of an object of the program
	KindAlloc                        // "__alloc": owned object of the program
	KindRefcounted                   // "__refcounted_kptr": object of the program with a bpf_refcount
	KindBTF                          // kernel object of type Struct
	KindCallback                     // function of the program
	KindMap                          // "__map": pointer to a map
	KindStr                          // "__str": constant string
	KindWorkqueue                    // bpf_wq in a map value
	KindTaskWork                     // bpf_task_work in a map value
	KindResSpinLock                  // bpf_res_spin_lock
	KindIRQFlag                      // "__irq_flag": 8-byte stack slot
	KindIgnore                       // "__ign": anything
	KindProg                         // "__prog": filled in by the verifier
	KindArena                        // pointer into the arena
)

// KfuncArg is an argument of a kernel function, or its result.
type KfuncArg struct {
	Name string // C name with its suffix: "buffer__szk"; "" for results
	Type string // C type: "const struct bpf_dynptr *"
	Kind KfuncKind
	// Struct is the C struct of a KindBTF, KindIter or KindCtx.
	Struct string
	Size   uint32 // bytes of a number or of a KindFixedMem

	Const    bool // pointer to const: the function only reads
	Nullable bool // "__nullable" or "__opt": may be NULL
	Uninit   bool // "__uninit": need not be initialised
}

// Kfunc is the prototype of a kernel function that programs may call.
type Kfunc struct {
	Name  string
	Args  []KfuncArg
	Ret   KfuncArg
	Flags KfuncFlags
	// Progs are the program types that may call it.
	Progs ProgSet
	// Attach narrows Progs for the program types named in it.
	Attach map[ProgType][]AttachType
	// DevBound functions are for XDP programs bound to a device.
	DevBound bool
	// Config is what a kernel needs beside BPF to offer the function, for rows
	// that are missing from many builds; "" for none.
	Config string
	Since  Release
}

// Has reports whether all flags of f are set.
func (k *Kfunc) Has(f KfuncFlags) bool { return k.Flags&f == f }

// KfuncByName finds a kernel function by its C name, with or without the suffix
// that a flavour of it carries after "___"; nil if there is none.
func KfuncByName(name string) *Kfunc {
	name, _, _ = strings.Cut(name, "___")
	i, ok := kfuncIndex[name]
	if !ok {
		return nil
	}
	return kfuncRows[i]
}

// Kfuncs are all rows, by name. They must not be changed.
func Kfuncs() []*Kfunc { return kfuncRows }

// Allows reports whether programs of a type, with an attach type, may call k.
func (k *Kfunc) Allows(t ProgType, a AttachType) bool {
	if !k.Progs.Has(t) {
		return false
	}
	list, narrow := k.Attach[t]
	return !narrow || slices.Contains(list, a)
}
