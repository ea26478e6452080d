package abi

// sessionAttach are the attach types of programs that run at entry and at
// return; a result of 1 at entry skips the return.
var sessionAttach = []AttachType{AttachTraceKprobeSession, AttachTraceUprobeSession}

// kprobe programs run at kernel and user functions, with the registers there.
var kprobe = &ProgInfo{
	Type: Kprobe, Name: "BPF_PROG_TYPE_KPROBE", Short: "kprobe",
	Context: ptRegsAMD64,
	Returns: []ReturnRule{
		{Attach: sessionAttach, Range: ReturnRange{Min: 0, Max: 1}},
		{Range: anyReturn},
	},
	Sleep:        SleepMay, // sleepable ones attach to user functions only
	PrivateStack: true,
	Cap:          CapPerfmon,
}

// tracepoint programs run at a tracepoint, with its record. The first 8 bytes
// of the record are hidden.
var tracepoint = &ProgInfo{
	Type: Tracepoint, Name: "BPF_PROG_TYPE_TRACEPOINT", Short: "tracepoint",
	Context:      &Context{Raw: true, First: 8, Size: 8192, Read: true},
	PrivateStack: true,
	Cap:          CapPerfmon,
}

// perfEvent programs run when a perf event overflows.
var perfEvent = &ProgInfo{
	Type: PerfEvent, Name: "BPF_PROG_TYPE_PERF_EVENT", Short: "perf_event",
	Context:      perfEventAMD64,
	PrivateStack: true,
	Cap:          CapPerfmon,
}

// rawTracepoint programs run at a tracepoint, with its arguments.
var rawTracepoint = &ProgInfo{
	Type: RawTracepoint, Name: "BPF_PROG_TYPE_RAW_TRACEPOINT", Short: "raw_tracepoint",
	Context:      &Context{Name: "bpf_raw_tracepoint_args", Raw: true, Size: 8 * MaxFuncArgs, Read: true},
	PrivateStack: true,
	Cap:          CapPerfmon,
}

// rawTracepointWritable programs also write to the first argument of a
// tracepoint that offers it.
var rawTracepointWritable = &ProgInfo{
	Type: RawTracepointWritable, Name: "BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE", Short: "raw_tracepoint_writable",
	Context: &Context{
		Name: "bpf_raw_tracepoint_args", Raw: true, Size: 8 * MaxFuncArgs, Read: true,
		Fields: []Field{{Name: "args", Off: 0, Size: 8, Kind: FieldTPBuffer, Read: Exact}},
	},
	Cap:   CapPerfmon,
	Since: 5<<8 | 2,
}

// MaxFuncArgs is the number of arguments that programs at a function or a raw
// tracepoint can see.
const MaxFuncArgs = 12

// argsContext is the array of a function's arguments, typed by BTF.
var argsContext = &Context{Args: true, Size: 8 * MaxFuncArgs, Read: true}

// tracing programs run at kernel functions, tracepoints and iterators, with
// arguments typed by BTF.
var tracing = &ProgInfo{
	Type: Tracing, Name: "BPF_PROG_TYPE_TRACING", Short: "tracing",
	Context: argsContext,
	Returns: []ReturnRule{
		{Attach: []AttachType{AttachTraceFEntry, AttachTraceFExit}, Range: ReturnRange{}},
		{Attach: []AttachType{AttachTraceIter}, Range: ReturnRange{Min: 0, Max: 1}},
		{Range: anyReturn},
	},
	Attach: []AttachType{
		AttachTraceRawTP, AttachTraceFEntry, AttachTraceFExit, AttachModifyReturn, AttachTraceIter,
	},
	Sleep: SleepMay,
	SleepAttach: []AttachType{
		AttachTraceFEntry, AttachTraceFExit, AttachModifyReturn, AttachTraceIter,
	},
	PrivateStack: true,
	PrivateStackAttach: []AttachType{
		AttachTraceRawTP, AttachTraceFEntry, AttachTraceFExit, AttachModifyReturn,
	},
	Cap:       CapPerfmon,
	AttachBTF: true,
	Since:     5<<8 | 5,
}

// lsm programs run at hooks of security modules.
var lsm = &ProgInfo{
	Type: LSM, Name: "BPF_PROG_TYPE_LSM", Short: "lsm",
	Context: argsContext,
	Returns: []ReturnRule{
		{Attach: []AttachType{AttachLSMCgroup}, Range: ReturnRange{Min: 0, Max: 1}, ByHook: true},
		{Range: ReturnRange{Min: -4095, Max: 0}, ByHook: true},
	},
	Attach:      []AttachType{AttachLSMMac, AttachLSMCgroup},
	Sleep:       SleepMay,
	SleepAttach: []AttachType{AttachLSMMac},
	Cap:         CapPerfmon,
	GPL:         true,
	AttachBTF:   true,
	Since:       5<<8 | 7,
}

// structOps programs implement a member of a kernel struct of functions.
var structOps = &ProgInfo{
	Type: StructOps, Name: "BPF_PROG_TYPE_STRUCT_OPS", Short: "struct_ops",
	Context:   argsContext,
	Returns:   []ReturnRule{{Range: anyReturn, ByHook: true}},
	Sleep:     SleepMay,
	Cap:       CapPerfmon,
	GPL:       true,
	AttachBTF: true,
	Since:     5<<8 | 6,
}

// extension programs replace a global function of another program. Context,
// helpers and packet access are those of the target.
var extension = &ProgInfo{
	Type: Extension, Name: "BPF_PROG_TYPE_EXT", Short: "ext",
	Attach: []AttachType{0},
	Cap:    CapPerfmon, NetAdmin: true,
	AttachBTF: true,
	Since:     5<<8 | 6,
}

// syscallProg programs run in the context of a bpf(2) caller and may call bpf(2)
// themselves.
var syscallProg = &ProgInfo{
	Type: Syscall, Name: "BPF_PROG_TYPE_SYSCALL", Short: "syscall",
	Context: &Context{Raw: true, Size: 65535, Read: true, Write: true},
	Attach:  []AttachType{0},
	Sleep:   SleepMust,
	Cap:     CapBPF,
	Since:   5<<8 | 14,
}
