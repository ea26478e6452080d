package object

import (
	"encoding/binary"

	"github.com/cilium/ebpf/btf"

	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/isa"
)

// unit is what one object holds, or several linked ones, before its functions
// are put together to programs. References are by pointer.
type unit struct {
	name     string
	order    binary.ByteOrder
	license  string
	version  uint32
	types    *btf.Spec
	raws     *rawBTF
	funcs    []*function // in order of section and offset
	maps     []*image.Map
	data     []*image.Map // of data sections, the .kconfig map last
	arena    *image.Map
	align    map[*image.Map]uint64  // of data sections
	mapBind  map[*image.Map]binding // of maps
	vars     []*image.Variable
	externs  []*extern
	ops      []*image.StructOps
	warnings []string
}

// function is a function in an executable section.
type function struct {
	name    string
	section string
	start   int // slot in the section
	insns   []isa.Insn
	refs    []ref // sorted by slot
	core    []image.CORERelo
	lines   []image.Line
	typ     *btf.Func
	bind    binding
	hidden  bool // visibility: global for the linker, static for the verifier
	err     error
}

// binding is how a symbol takes part in linking.
type binding uint8

const (
	bindLocal binding = iota
	bindWeak
	bindGlobal
)

// refKind says what an instruction refers to.
type refKind uint8

const (
	refMap    refKind = iota + 1 // map object
	refValue                     // address in a map's value
	refCall                      // call of a function
	refFunc                      // address of a function
	refExtern                    // extern: address, value or call
)

// ref is the reference of the instruction at a function's slot.
type ref struct {
	slot int
	kind refKind
	m    *image.Map
	off  uint32
	fn   *function
	ext  *extern
	call bool   // of an extern
	sym  string // a global symbol: another object's definition may win
	add  uint32 // behind that symbol
}

// externKind says where an extern is looked up.
type externKind uint8

const (
	externLink    externKind = iota // another object
	externKconfig                   // kernel configuration
	externKsym                      // kernel symbol without type
	externTyped                     // kernel variable with type
	externKfunc                     // kernel function
)

// extern is an undefined symbol.
type extern struct {
	name string
	kind externKind
	weak bool
	typ  btf.Type // of the variable, or *btf.Func
	off  uint32   // of a kconfig value
}

// isEntry reports whether fn is a program of its own. Static functions, and
// those in .text, are subprograms of others, unless the object has no other
// function at all.
func (u *unit) isEntry(fn *function) bool {
	return (fn.section != ".text" && fn.bind != bindLocal) || len(u.funcs) == 1
}
