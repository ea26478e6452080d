package image

import (
	"encoding/binary"

	"github.com/cilium/ebpf/btf"

	"github.com/skepbpf/skep/abi"
)

// Collection is everything that one object file, or several linked ones, asks
// for.
type Collection struct {
	Name      string // of the file, for messages
	ByteOrder binary.ByteOrder
	License   string
	Programs  []*Program // in order of section and offset
	Maps      []*Map     // in order of declaration; data sections after the others
	Variables []*Variable
	StructOps []*StructOps
	Kconfig   []*Kconfig // in order of offset
	Types     *btf.Spec  // nil without BTF
	Warnings  []string   // what was ignored, a sentence each
}

// KconfigSection is the name of the section and of the map that hold the
// values of the kernel's configuration.
const KconfigSection = ".kconfig"

// ArenaSection is the section of the variables that live in the arena.
const ArenaSection = ".addr_space.1"

// Kconfig is a value of the kernel's configuration that programs read from
// the ".kconfig" map. The map's contents are filled in by object.Resolve.
type Kconfig struct {
	Name   string // CONFIG_HZ, LINUX_KERNEL_VERSION
	Offset uint32 // in the map's value
	Size   uint32
	Type   btf.Type
	Weak   bool // zero where the configuration has no such value
}

// Map is the definition of a map. The verifier and the runtime both read it;
// a program refers to it by pointer, so that programs of one collection share
// maps.
type Map struct {
	Name string
	// KernelName is the name that libbpf would give the map in the kernel, if
	// it is another; the verifier's log has it.
	KernelName string
	Type       abi.MapType
	KeySize    uint32 // bytes
	ValueSize  uint32 // bytes, not rounded up
	MaxEntries uint32
	Flags      abi.MapFlags
	Extra      uint64 // map_extra: bloom filter hashes, arena address
	NUMANode   uint32
	PinByName  bool // LIBBPF_PIN_BY_NAME

	// Inner is the template of an array or hash of maps, nil if unset.
	Inner *Map
	// Contents are the initial elements: of data sections that are not all
	// zero, of arrays of maps and of program arrays with values. The contents
	// of an arena are one entry without a key: its first bytes.
	Contents []Entry
	// Section is the data section that a global variable map stands for
	// (".data", ".rodata.x"), "" for other maps.
	Section string
	// Frozen maps cannot change any more, and the verifier reads constants
	// from those that are also read-only for programs.
	Frozen bool

	Key, Value btf.Type // nil without BTF
	Tags       []string // decl tags
	// StructOps is the kernel struct that a struct_ops map fills, without the
	// flavour of its name ("___v2"); "" for other maps.
	StructOps string
	// NoAutocreate is set for the struct_ops maps of "?" sections.
	NoAutocreate bool
}

// Entry is an initial element of a map. Exactly one of Value, Map and Program
// is set.
type Entry struct {
	Key     []byte
	Value   []byte
	Map     *Map   // inner map
	Program string // program, by name
}

// Variable is a global variable: a part of a data section's map.
type Variable struct {
	Name     string
	Map      *Map
	Offset   uint32
	Size     uint32
	Constant bool     // lives in a .rodata section
	Weak     bool     // another object's definition wins
	Hidden   bool     // visible to the linker, not to user space
	Type     *btf.Var // nil without BTF
}

// StructOps is one struct_ops map with the programs that implement its
// members.
type StructOps struct {
	Map     *Map
	Members map[string]string // member name to program name
	Link    bool              // from .struct_ops.link
}

// Program finds a program by name, nil if there is none.
func (c *Collection) Program(name string) *Program {
	for _, p := range c.Programs {
		if p.Name == name {
			return p
		}
	}
	return nil
}

// Map finds a map by name, nil if there is none.
func (c *Collection) Map(name string) *Map {
	for _, m := range c.Maps {
		if m.Name == name {
			return m
		}
	}
	return nil
}
