package verifier

import (
	"fmt"
	"strings"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/image"
)

// Code names a reason for a rejection. Codes are stable.
type Code uint16

// The codes.
const (
	CodeInternal        Code = iota + 1 // an invariant of the verifier is broken
	CodeTooManyInsns                    // more instructions were processed than the budget allows
	CodeTooManyJumps                    // too many branches wait to be walked
	CodeCanceled                        // the caller gave up
	CodeBadInsn                         // an instruction that does not exist, or whose reserved fields are used
	CodeBadReg                          // a register that does not exist
	CodeBadJump                         // a jump that leaves its function or lands inside an instruction
	CodeUnreachable                     // an instruction that no path can reach
	CodeBadSubprog                      // a function that does not end in exit or jump, or too many functions
	CodeRecursion                       // the call graph has a cycle
	CodeCallDepth                       // more than eight frames
	CodeStackDepth                      // the frames of a call chain need too much stack
	CodeUninit                          // a register is read before it is written
	CodeFramePointer                    // R10 is written
	CodeDivByZero                       // division by the constant zero
	CodeBadShift                        // a shift by the width or more
	CodePointerArith                    // arithmetic that the pointer's type forbids
	CodePointerBounds                   // a pointer moved by an amount that is not bounded
	CodePointerCompare                  // a comparison that the pointers' types forbid
	CodePointerLeak                     // a pointer becomes visible to user space
	CodeInvalidMem                      // an access through something that is no pointer to memory
	CodeMaybeNull                       // an access through a pointer that may be NULL
	CodeStackAccess                     // an access outside the stack, or misaligned for a saved pointer
	CodeStackUninit                     // stack bytes are read that were never written
	CodeMapValueAccess                  // the address of a variable outside of its map's value
	CodeMapForbidden                    // the map's flags forbid the access
	CodePacketAccess                    // an access outside the proven part of the packet
	CodePacketForbidden                 // the program type must not access the packet
	CodeMemAccess                       // an access outside a map's value or other memory of known size
	CodeReadOnly                        // a write to read-only memory
	CodeUnbounded                       // an access at an offset that is not bounded
	CodeMisaligned                      // a misaligned access
	CodeCtxAccess                       // an access outside the context's fields
	CodeCtxModified                     // an access through a changed context pointer
	CodeAtomic                          // an atomic operation that does not exist or on memory that has none
	CodeInfiniteLoop                    // a loop that makes no progress
	CodeReturnValue                     // the program's return value is not in the legal range
	CodeReturnPointer                   // a pointer is returned
	CodeLegacyLoad                      // LD_ABS or LD_IND where they are not allowed
	CodeTailCall                        // a tail call where it is not allowed
	CodeCallback                        // a callback with the wrong signature or in the wrong place
	CodeGlobalArgs                      // arguments that do not fit a global function's prototype
	CodeGlobalFunc                      // a global function that cannot be verified or called
	CodeHelperUnknown                   // a helper that does not exist
	CodeHelperForbidden                 // a helper that the program type or licence must not call
	CodeHelperArg                       // an argument of the wrong type
	CodeHelperMap                       // a map that the helper does not work on
	CodeHelperSize                      // a size argument that is not bounded, or too large for the memory
	CodeRefLeak                         // an acquired object is not released
	CodeRefRelease                      // a release of something that was not acquired
	CodeLock                            // locks taken or given back in the wrong place
	CodeRCU                             // an RCU section misused
	CodePreempt                         // a preemption section misused
	CodeIRQ                             // an IRQ section misused
	CodeSleep                           // something that sleeps where sleeping is not allowed
	CodeKfunc                           // a kernel function that does not exist or is not allowed here
	CodeKfuncArg                        // an argument of a kernel function of the wrong type
	CodeDynptr                          // a dynptr misused
	CodeIterator                        // an iterator misused
	CodeKptr                            // a kernel pointer field misused
	CodeMapField                        // a special field of a map value misused
	CodeBTF                             // BTF that is missing or does not fit
	CodeBTFAccess                       // an access outside a kernel object's fields
	CodeAttach                          // a program or attach type that does not exist or does not fit
	CodeProgMap                         // a map that the program type must not use
	CodeArena                           // arena memory misused
	CodeException                       // an exception where none may be thrown, or a bad exception callback
	CodeInvariant                       // bounds that contradict each other, under BPF_F_TEST_REG_INVARIANTS
	CodeUnprivileged                    // something that only a privileged user may do
	CodeUnsupported                     // a rule that skep does not have
	CodeTooMuchMemory                   // the states kept for comparison take too much memory
)

var codeNames = [...]string{
	CodeInternal:        "Internal",
	CodeTooManyInsns:    "TooManyInsns",
	CodeTooManyJumps:    "TooManyJumps",
	CodeCanceled:        "Canceled",
	CodeBadInsn:         "BadInsn",
	CodeBadReg:          "BadReg",
	CodeBadJump:         "BadJump",
	CodeUnreachable:     "Unreachable",
	CodeBadSubprog:      "BadSubprog",
	CodeRecursion:       "Recursion",
	CodeCallDepth:       "CallDepth",
	CodeStackDepth:      "StackDepth",
	CodeUninit:          "Uninit",
	CodeFramePointer:    "FramePointer",
	CodeDivByZero:       "DivByZero",
	CodeBadShift:        "BadShift",
	CodePointerArith:    "PointerArith",
	CodePointerBounds:   "PointerBounds",
	CodePointerCompare:  "PointerCompare",
	CodePointerLeak:     "PointerLeak",
	CodeInvalidMem:      "InvalidMem",
	CodeMaybeNull:       "MaybeNull",
	CodeStackAccess:     "StackAccess",
	CodeStackUninit:     "StackUninit",
	CodeMapValueAccess:  "MapValueAccess",
	CodeMapForbidden:    "MapForbidden",
	CodePacketAccess:    "PacketAccess",
	CodePacketForbidden: "PacketForbidden",
	CodeMemAccess:       "MemAccess",
	CodeReadOnly:        "ReadOnly",
	CodeUnbounded:       "Unbounded",
	CodeMisaligned:      "Misaligned",
	CodeCtxAccess:       "CtxAccess",
	CodeCtxModified:     "CtxModified",
	CodeAtomic:          "Atomic",
	CodeInfiniteLoop:    "InfiniteLoop",
	CodeReturnValue:     "ReturnValue",
	CodeReturnPointer:   "ReturnPointer",
	CodeLegacyLoad:      "LegacyLoad",
	CodeTailCall:        "TailCall",
	CodeCallback:        "Callback",
	CodeGlobalArgs:      "GlobalArgs",
	CodeGlobalFunc:      "GlobalFunc",
	CodeHelperUnknown:   "HelperUnknown",
	CodeHelperForbidden: "HelperForbidden",
	CodeHelperArg:       "HelperArg",
	CodeHelperMap:       "HelperMap",
	CodeHelperSize:      "HelperSize",
	CodeRefLeak:         "RefLeak",
	CodeRefRelease:      "RefRelease",
	CodeLock:            "Lock",
	CodeRCU:             "RCU",
	CodePreempt:         "Preempt",
	CodeIRQ:             "IRQ",
	CodeSleep:           "Sleep",
	CodeKfunc:           "Kfunc",
	CodeKfuncArg:        "KfuncArg",
	CodeDynptr:          "Dynptr",
	CodeIterator:        "Iterator",
	CodeKptr:            "Kptr",
	CodeMapField:        "MapField",
	CodeBTF:             "BTF",
	CodeBTFAccess:       "BTFAccess",
	CodeAttach:          "Attach",
	CodeProgMap:         "ProgMap",
	CodeArena:           "Arena",
	CodeException:       "Exception",
	CodeInvariant:       "Invariant",
	CodeUnprivileged:    "Unprivileged",
	CodeUnsupported:     "Unsupported",
	CodeTooMuchMemory:   "TooMuchMemory",
}

// String is the name of c, as in its constant without "Code".
func (c Code) String() string {
	if int(c) < len(codeNames) && codeNames[c] != "" {
		return codeNames[c]
	}
	return fmt.Sprintf("Code(%d)", uint16(c))
}

// Error is a rejection.
type Error struct {
	Code Code
	// Insn is the slot at which the rule was broken, -1 if none.
	Insn   int
	Source *image.Line // the C line, nil if unknown
	// Msg is the reason in the kernel's words.
	Msg string
	// Detail are the lines that Linux's log has before Msg where one line does
	// not say it all, without an end of line; often "".
	Detail string
	// Linux is the line that Linux's log ends with, where something follows
	// the reason: the C line, or a state. "" where Linux says nothing, otherwise
	// it is Msg.
	Linux string
	// Errno is what bpf(2) would return.
	Errno abi.Errno
	// Log is the verifier's log up to here, "" at LogLevel 0.
	Log   string
	Stats Stats
}

// Error is the reason in one line.
func (e *Error) Error() string {
	msg := e.Msg
	if e.Detail != "" {
		msg += " (" + strings.ReplaceAll(e.Detail, "\n", " ") + ")"
	}
	if e.Insn < 0 {
		return msg
	}
	return fmt.Sprintf("insn %d: %s", e.Insn, msg)
}
