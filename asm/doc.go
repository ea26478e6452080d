// Package asm reads and prints whole programs as text: sections, maps, names
// of helpers, labels. It turns the text into an image and back.
//
// Its one invariant: what Format prints, Parse reads back as the same image,
// but for BTF and CO-RE relocations, which the text does not carry. It opens
// no files.
//
// # Example
//
//	.license "GPL"
//
//	.map hits array key=4 value=8 entries=1
//
//	.program count section=xdp
//	    *(u32 *)(r10 -4) = 0
//	    r2 = r10
//	    r2 += -4                      ; the key, on the stack
//	    r1 = map[hits] ll
//	    call bpf_map_lookup_elem
//	    if r0 == 0 goto pass
//	    r1 = r0
//	    call bump
//	pass:
//	    r0 = 2
//	    exit
//
//	.func bump
//	    r2 = 1
//	    lock *(u64 *)(r1 +0) += r2
//	    r0 = 0
//	    exit
//
// # Lines
//
// A line holds labels, each followed by a colon, and then a directive, an
// instruction or nothing. A comment runs from ";", "//" or "#" to the end of
// the line; the "#" of "call bpf_map_lookup_elem#1" begins none.
//
//	line      = { label ":" } [ directive | instruction ] [ comment ]
//	label     = name
//	name      = letter { letter | digit } | string
//	letter    = "a".."z" | "A".."Z" | "_" | "." | "$"
//	number    = decimal | "0x" hex | "0b" binary
//	string    = a Go string in double quotes
//
// # Instructions
//
// Instructions are written as the kernel's verifier log and bpftool write
// them, or as LLVM does; package isa reads both.
//
//	instruction = reg aluop (reg | imm)              r1 += r2, w1 s>>= 3, r1 = -5
//	            | reg "=" "-" reg                    r1 = -r1
//	            | reg "=" swap reg                   r1 = be16 r1, le32, bswap64
//	            | reg "=" "(" stype ")" reg          r1 = (s8)r2
//	            | reg "=" "addr_space_cast" "(" reg "," number "," number ")"
//	            | reg "=" number "ll"                r1 = 0x1122334455667788 ll
//	            | reg "=" "map" "[" map "]" [ "[" number "]" ] [ "ll" ]
//	            | reg "=" "ksym" "[" ksym "]" [ "ll" ]
//	            | reg "=" target "ll"                r2 = callback ll
//	            | reg "=" mem                        r1 = *(u64 *)(r10 -8), s8, s16, s32
//	            | mem "=" (reg | imm)                *(u32 *)(r1 +4) = r2
//	            | "lock" mem atomicop reg            lock *(u64 *)(r1 +0) += r2
//	            | reg "=" fetch "(" ptr "," reg ")"  r2 = atomic64_fetch_add((u64 *)(r1 +0), r2)
//	            | "r0" "=" cmpxchg "(" ptr "," "r0" "," reg ")"
//	            | reg "=" "load_acquire" "(" ptr ")"
//	            | "store_release" "(" ptr "," reg ")"
//	            | "r0" "=" "*(" type "*)" "skb" "[" [ reg "+" ] number "]"
//	            | "if" reg cmp (reg | imm) "goto" target
//	            | ( "goto" | "gotol" | "may_goto" ) target
//	            | "call" ( name [ "#" number ] | number | target | "kfunc" "#" number )
//	            | ( "callx" | "gotox" ) reg
//	            | "exit"
//	            | ".slot" hex16 { hex16 }            raw slots, legal or not
//	reg         = "r0".."r10" | "w0".."w10"          w: the low 32 bits
//	mem         = "*" ptr
//	ptr         = "(" type "*" ")" "(" reg [ ("+" | "-") number ] ")"
//	target      = label | "pc" ("+" | "-") number | ("+" | "-") number
//	map         = name | "idx:" number | "fd:" number
//	ksym        = name | "btf:" number [ ":" number ]
//	aluop       = "=" "+=" "-=" "*=" "/=" "%=" "|=" "&=" "^=" "<<=" ">>=" "s>>=" "s/=" "s%="
//	cmp         = "==" "!=" ">" ">=" "<" "<=" "&" "s>" "s>=" "s<" "s<="
//
// The name after "call" is that of a function of the program, of a declared
// kernel function, or of a helper, in that order. An immediate has 32 bits; a
// hexadecimal one with its top bit set is refused where it would be extended
// to 64 bits, but for comparisons, where it is the kernel's own notation. A
// trailing "{off=N}" sets the offset of exit and of calls of kernel functions,
// which is not shown otherwise.
//
// # Directives of the file
//
//	.license STRING
//	.endian little|big
//	.map NAME TYPE [key=N] [value=N] [entries=N] [flags=A|B] [extra=N] [numa=N]
//	     [inner=MAP] [section=NAME] [struct_ops=TYPE] [tag=STRING] [pin] [frozen] [noauto]
//	.inner NAME TYPE ...                  template of the inner maps of the map above
//	.elem MAP [DATA] = DATA | map NAME | prog NAME
//	.var NAME map=MAP off=N size=N [const] [weak] [hidden]
//	.kconfig NAME off=N size=N [weak]
//	.struct_ops MAP [link] {MEMBER=PROGRAM}
//	.kfunc NAME [weak] [id=N]
//	.ksym NAME [weak] [id=N]
//	.program NAME [section=NAME] [type=TYPE] [attach=TYPE] [to=STRING] [flags=A|B]
//	     [license=STRING] [version=N] [memory=N] [autoload=yes|no] [tag=STRING]
//
// Types and flags are the kernel's names without their common prefix, in any
// case (array, xdp, no_prealloc), those names in full, or numbers. DATA is a
// sequence of strings, "u8 N", "u16 N", "u32 N", "u64 N", "hex DIGITS" and
// "zero N". A .map may stand below its users, but ends the program above it;
// .elem, .var and .struct_ops come after their map.
//
// # Directives of a program
//
// A program runs from .program to the next .program or .map. Its section gives
// its type unless type= does.
//
//	.func NAME [global] [exception_callback]   a subprogram begins; NAME is a label
//	.use MAP {MAP}                             maps in the order of the program's table
//	.kfunc, .ksym                              as above, in the order of the table
//	.extern ksym|typed|kfunc NAME [weak]       the next instruction refers to an extern
//	.line FILE LINE COLUMN [TEXT]              C line of the instructions from here on
package asm
