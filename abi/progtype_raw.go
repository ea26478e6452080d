package abi

// Raw is the type of programs whose context is plain memory: r1 is its address
// and r2 its length in bytes, as uBPF has it. It is skep's own: Linux has no
// such type, and numbers far fewer.
const Raw ProgType = 63

// MaxMemory is the most memory that a raw program is given, in bytes: what a
// pointer may move in a program that is verified.
const MaxMemory = 1<<29 - 1

// raw programs may read and write all of the memory.
var raw = &ProgInfo{
	Type: Raw, Name: "SKEP_PROG_TYPE_RAW", Short: "raw",
	Context: nil, // r1 points to the memory itself
	PktRead: true, PktArgs: true, PktWrite: true,
}
