package abi

// ptRegsAMD64 are the registers of kprobe programs on x86-64.
var ptRegsAMD64 = &Context{Name: "pt_regs", Size: 168, Fields: regFieldsAMD64(Narrow)}

// regFieldsAMD64 are the members of struct pt_regs on x86-64.
func regFieldsAMD64(read Access) []Field {
	names := [...]string{
		"r15", "r14", "r13", "r12", "bp", "bx", "r11", "r10", "r9", "r8",
		"ax", "cx", "dx", "si", "di", "orig_ax", "ip", "cs", "flags", "sp", "ss",
	}
	fields := make([]Field, 0, len(names)+2)
	for i, name := range names {
		fields = append(fields, Field{Name: name, Off: uint16(8 * i), Size: 8, Read: read})
	}
	return fields
}

// perfEventAMD64 is the context of perf event programs on x86-64: the
// registers, read as a whole each, and the sample.
var perfEventAMD64 = &Context{
	Name: "bpf_perf_event_data", Size: 184,
	Fields: append(regFieldsAMD64(Exact), perfEventTail(168)...),
}

// perfEventTail are the members of bpf_perf_event_data after the registers.
func perfEventTail(off uint16) []Field {
	return []Field{
		{Name: "sample_period", Off: off, Size: 8, Read: Narrow},
		{Name: "addr", Off: off + 8, Size: 8, Read: Narrow},
	}
}

// ptRegsARM64 are the registers of kprobe programs on arm64. What follows
// pstate is not part of the stable interface.
var ptRegsARM64 = &Context{Name: "pt_regs", Size: 320, Fields: append(regFieldsARM64(Narrow),
	Field{Name: "orig_x0", Off: 272, Size: 8, Read: Narrow},
	Field{Name: "syscallno", Off: 280, Size: 8, Read: Narrow},
	Field{Name: "", Off: 288, Size: 32, Elem: 8, Read: Narrow},
)}

// regFieldsARM64 are the members of struct user_pt_regs on arm64.
func regFieldsARM64(read Access) []Field {
	return []Field{
		{Name: "regs", Off: 0, Size: 31 * 8, Elem: 8, Read: read},
		{Name: "sp", Off: 248, Size: 8, Read: read},
		{Name: "pc", Off: 256, Size: 8, Read: read},
		{Name: "pstate", Off: 264, Size: 8, Read: read},
	}
}

// perfEventARM64 is the context of perf event programs on arm64.
var perfEventARM64 = &Context{
	Name: "bpf_perf_event_data", Size: 288,
	Fields: append(regFieldsARM64(Exact), perfEventTail(272)...),
}

// ContextOn is the context of a program type on an architecture, named as in
// GOARCH. Only contexts with machine registers differ; architectures other than
// arm64 have those of amd64.
func (t ProgType) ContextOn(arch string) *Context {
	p := t.Info()
	if p == nil {
		return nil
	}
	if arch == "arm64" {
		switch t {
		case Kprobe:
			return ptRegsARM64
		case PerfEvent:
			return perfEventARM64
		}
	}
	return p.Context
}
