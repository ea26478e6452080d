package listing

import (
	"encoding/binary"
	"fmt"
	"strings"

	"golang.org/x/arch/arm64/arm64asm"
	"golang.org/x/arch/x86/x86asm"
)

// disassembleAMD64 is the first instruction of code, in Intel's syntax; at is
// its offset, which jumps are relative to.
func disassembleAMD64(code []byte, at int) (int, string) {
	if n, text := vex(code); n > 0 {
		return n, text
	}
	in, err := x86asm.Decode(code, 64)
	if err != nil || in.Len == 0 || in.Len > len(code) {
		return 1, fmt.Sprintf(".byte %#02x", code[0])
	}
	return in.Len, strings.ToLower(x86asm.IntelSyntax(in, uint64(at), nil))
}

var names64 = [...]string{
	"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
}

var names32 = [...]string{
	"eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi", "r8d", "r9d", "r10d", "r11d", "r12d", "r13d", "r14d", "r15d",
}

// vexForm is an instruction on general registers with a VEX prefix of 3 bytes,
// which x86asm does not know. Intel SDM vol. 2.
type vexForm struct {
	opcodeMap, prefix, opcode byte
	name                      string
	operands                  string // of r, m (register or memory), v, i
}

var vexForms = []vexForm{
	{2, 1, 0xf7, "shlx", "rmv"}, {2, 2, 0xf7, "sarx", "rmv"}, {2, 3, 0xf7, "shrx", "rmv"},
	{2, 3, 0xf6, "mulx", "rvm"}, {3, 3, 0xf0, "rorx", "rmi"}, {2, 0, 0xf2, "andn", "rvm"}, {2, 0, 0xf7, "bextr", "rmv"},
	{2, 0, 0xf5, "bzhi", "rmv"},
}

// vex is an instruction with a VEX prefix, 0 bytes if it is none that is known.
func vex(code []byte) (n int, text string) {
	if len(code) < 5 || code[0] != 0xc4 {
		return 0, ""
	}
	r, x, b := ^code[1]>>7&1, ^code[1]>>6&1, ^code[1]>>5&1
	names := &names32
	if code[2]&0x80 != 0 {
		names = &names64
	}
	for _, f := range vexForms {
		if f.opcodeMap != code[1]&31 || f.prefix != code[2]&3 || f.opcode != code[3] {
			continue
		}
		rm, length := operand(code[4:], x, b, names)
		if length == 0 {
			return 0, ""
		}
		n = 4 + length
		var words []string
		for _, o := range f.operands {
			switch o {
			case 'r':
				words = append(words, names[code[4]>>3&7|r<<3])
			case 'm':
				words = append(words, rm)
			case 'v':
				words = append(words, names[^code[2]>>3&15])
			case 'i':
				if n >= len(code) {
					return 0, ""
				}
				words = append(words, fmt.Sprintf("%#x", code[n]))
				n++
			}
		}
		return n, f.name + " " + strings.Join(words, ", ")
	}
	return 0, ""
}

// operand is what a ModRM byte and those behind it say of the second operand; 0
// bytes if some are missing.
func operand(code []byte, x, b byte, names *[16]string) (text string, n int) {
	mod, rm := code[0]>>6, code[0]&7
	if mod == 3 {
		return names[rm|b<<3], 1
	}
	n = 1
	base, index := names64[rm|b<<3], ""
	if rm == 4 {
		if len(code) < 2 {
			return "", 0
		}
		sib := code[1]
		n = 2
		base = names64[sib&7|b<<3]
		if i := sib>>3&7 | x<<3; i != 4 {
			index = fmt.Sprintf("+%s*%d", names64[i], 1<<(sib>>6))
		}
	}
	size := [...]int{0, 1, 4}[mod]
	if mod == 0 && code[n-1]&7 == 5 {
		size, base = 4, ""
		if rm == 5 {
			base = "rip"
		}
	}
	if len(code) < n+size {
		return "", 0
	}
	disp := int32(0)
	switch size {
	case 1:
		disp = int32(int8(code[n]))
	case 4:
		disp = int32(binary.LittleEndian.Uint32(code[n:]))
	}
	text = "[" + base + index
	if size > 0 {
		text += fmt.Sprintf("%+#x", disp)
	}
	return text + "]", n + size
}

// disassembleARM64 is the first instruction of code, in GNU's syntax; at is its
// offset, which jumps are relative to.
func disassembleARM64(code []byte, at int) (int, string) {
	if len(code) < 4 {
		return len(code), fmt.Sprintf(".byte % x", code)
	}
	word := binary.LittleEndian.Uint32(code)
	if text := atomic(word); text != "" {
		return 4, text
	}
	in, err := arm64asm.Decode(code)
	if err != nil {
		return 4, fmt.Sprintf(".inst %#08x", word)
	}
	text := strings.ToLower(arm64asm.GNUSyntax(in))
	// A jump says how far; how far from the beginning is easier to follow.
	for _, a := range in.Args {
		if rel, ok := a.(arm64asm.PCRel); ok {
			text = strings.Replace(text, strings.ToLower(rel.String()), fmt.Sprintf("%#x", at+int(rel)), 1)
		}
	}
	return 4, text
}

// atomic is an operation of ARMv8.1's large system extensions, "" if word is
// none. Arm ARM C4.1, atomic memory operations.
func atomic(word uint32) string {
	size, rs, rn, rt := word>>30, word>>16&31, word>>5&31, word&31
	reg := func(n uint32) string {
		switch name := "w"; {
		case size == 3:
			name = "x"
			fallthrough
		default:
			if n == 31 {
				return name + "zr"
			}
			return fmt.Sprintf("%s%d", name, n)
		}
	}
	base := fmt.Sprintf("x%d", rn)
	if rn == 31 {
		base = "sp"
	}
	order := [...]string{"", "l", "a", "al"}
	width := [...]string{"b", "h", "", ""}[size]
	if word&0x3f20_0c00 == 0x3820_0000 {
		names := [...]string{"ldadd", "ldclr", "ldeor", "ldset", "ldsmax", "ldsmin", "ldumax", "ldumin", "swp"}
		op := word >> 12 & 15
		if int(op) >= len(names) {
			return ""
		}
		return fmt.Sprintf("%s%s%s %s, %s, [%s]", names[op], order[word>>22&3], width, reg(rs), reg(rt), base)
	}
	if word&0x3fa0_7c00 == 0x08a0_7c00 {
		return fmt.Sprintf("cas%s%s %s, %s, [%s]", order[word>>15&1|word>>21&2], width, reg(rs), reg(rt), base)
	}
	return ""
}
